import { useSae } from "../../data/StudyContext";
import type { RolePage } from "../../generated/contract";

/** Why nothing is known of where the role stands among the others. */
export function useNoPlace(role: RolePage): string {
  const sae = useSae();
  if (role.n_wordings === null) return "Not computed: the role's answers have not been read yet.";
  if (role.excluded) return "Not computed: the role is left out of comparisons.";
  return sae?.has_atlas ? "Not computed: the atlas was made without this role." : "Not computed: the study has no atlas yet.";
}
