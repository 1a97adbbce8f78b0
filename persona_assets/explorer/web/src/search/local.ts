/** The same search as the server's, over the resources of a static site. */
import type { FeatureTable, SearchResult } from "../generated/contract";

const SHOWN = 20;

export function searchFeatures(table: FeatureTable, text: string): SearchResult["features"] {
  const wanted = text.toLowerCase().replace(/^#(?=\d+$)/, "");
  const found: { row: number; place: number }[] = [];
  for (let row = 0; row < table.feature_id.length; row++) {
    const place = placeOf(String(table.feature_id[row]), table.label[row]?.toLowerCase() ?? "", wanted);
    if (place !== null) found.push({ row, place });
  }
  found.sort((a, b) => a.place - b.place || (table.sd[b.row] ?? 0) - (table.sd[a.row] ?? 0) || a.row - b.row);
  return found.slice(0, SHOWN).map(({ row }) => ({
    feature_id: table.feature_id[row] as number,
    label: table.label[row] ?? null,
    preferred_role: table.preferred_role[row] ?? null,
  }));
}

/** The id itself, labels that begin so, then those in which a word does, then any, then ids that begin so. */
function placeOf(id: string, label: string, wanted: string): number | null {
  if (id === wanted) return 0;
  if (label.startsWith(wanted)) return 1;
  if (label.includes(` ${wanted}`)) return 2;
  if (label.includes(wanted)) return 3;
  return /^\d+$/.test(wanted) && id.startsWith(wanted) ? 4 : null;
}

export function searchRoles(roles: string[], text: string): string[] {
  const wanted = text.toLowerCase().replaceAll(" ", "_");
  const found = roles.filter((role) => role.includes(wanted) || role.includes(text.toLowerCase()));
  return found.sort((a, b) => Number(b.startsWith(wanted)) - Number(a.startsWith(wanted))).slice(0, SHOWN);
}
