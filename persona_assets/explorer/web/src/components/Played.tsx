import { useResource } from "../data/useResource";
import type { RolesOverview } from "../generated/contract";
import { paths } from "../generated/paths";
import { byRole, Rating } from "./Rating";

/** How well those of the roles are played of which a judge has said so: of one that is not played, its features say little. */
export function Played({ sae, roles }: { sae: string; roles: string[] }) {
  const overview = useResource<RolesOverview>(paths.roles(sae));
  if (overview.state !== "ready") return null;
  const of = byRole(overview.data.adherence);
  const known = roles.filter((role) => of.has(role));
  const judged = of.get(known[0] ?? "");
  if (judged === undefined) return null;
  return (
    <p className="footnote">
      Played, says <bdi>{judged.judge}</bdi>, on a scale to {judged.highest}:{" "}
      {known.map((role) => (
        <span key={role} className="played">
          <bdi>{role}</bdi> <Rating of={of.get(role)} />
        </span>
      ))}
    </p>
  );
}
