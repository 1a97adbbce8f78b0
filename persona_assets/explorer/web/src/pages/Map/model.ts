/** The map's features as arrays, and the numbers its controls need. */

import { fmt } from "../../components/format";
import type { MapData } from "../../generated/contract";

export const METRICS = {
  score: "Selection score",
  stability: "Stability",
  sd: "Spread across roles (sd)",
  mu: "Mean across roles (μ)",
  pref_ratio: "Preference ratio",
  active_frac: "Share of roles active",
  cv: "Coefficient of variation",
  mean_activation: "Mean activation",
  max_activation: "Max activation",
  bridge_entropy: "Bridge entropy",
} as const;

export type Metric = keyof typeof METRICS;
export type Layout = "umap" | "pca";

export interface Range {
  low: number; // the 2nd percentile: one outlier must not take all the colours
  high: number; // the 98th
  min: number;
  max: number;
  unknown: number; // features without a value
}

export interface MapModel {
  n: number;
  ids: number[];
  labels: (string | null)[];
  roles: string[];
  roleOf: Int32Array; // index into `roles`
  countOf: number[]; // features a role
  byCount: number[]; // roles with the most features first
  families: Family[]; // the anchor's, whose colour is the assistant's, then those with the most features
  metrics: Metric[]; // that the map knows at least one value of
  rowOf: Map<number, number>; // feature id -> row
  ranges: Map<Metric, Range | null>; // those asked for so far: each sorts every value
  data: MapData;
}

/** Roles that are alike beyond chance. */
export interface Family {
  name: string; // of its roles with the most features
  roles: number[]; // those first
  count: number; // features
}

function familiesOf({ families, roles }: MapData, countOf: number[], anchor: string): Family[] {
  const size = (role: number) => countOf[role] ?? 0;
  const made = families.map((members) => {
    const ordered = [...members].sort((a, b) => size(b) - size(a) || a - b);
    const more = ordered.length > NAMED ? ` +${ordered.length - NAMED}` : "";
    const named = ordered.slice(0, NAMED).map((role) => roles[role]);
    return { name: named.join(", ") + more, roles: ordered, count: ordered.reduce((sum, role) => sum + size(role), 0) };
  });
  const isAnchors = (family: Family) => Number(family.roles.includes(roles.indexOf(anchor)));
  return made.filter(({ count }) => count > 0).sort((a, b) => isAnchors(b) - isAnchors(a) || b.count - a.count);
}

const NAMED = 2; // roles of a family

export function makeModel(data: MapData, anchor: string): MapModel {
  const { features, roles } = data;
  const n = features.feature_id.length;
  const roleOf = Int32Array.from(features.preferred_role);
  const countOf = new Array<number>(roles.length).fill(0);
  for (const role of roleOf) if (role >= 0) countOf[role] = (countOf[role] ?? 0) + 1;
  const byCount = roles.map((_, role) => role).sort((a, b) => (countOf[b] ?? 0) - (countOf[a] ?? 0) || a - b);
  const centred = data.summary.role_matrix_mode === "question_centered_mean"; // then the means over roles are nothing but rounding
  const metrics = (Object.keys(METRICS) as Metric[]).filter(
    (one) => !(centred && one === "mu") && features[one]?.some((value) => value !== null),
  );
  const rowOf = new Map(features.feature_id.map((id, row) => [id, row]));
  const ranges = new Map<Metric, Range | null>();
  const families = familiesOf(data, countOf, anchor);
  return { n, ids: features.feature_id, labels: features.label, roles, roleOf, countOf, byCount, families, metrics, rowOf, ranges, data };
}

/** Positions of a layout, float32[n × 2]; a feature without one is left at NaN and not drawn. */
export function positions(model: MapModel, layout: Layout): Float32Array {
  const { features } = model.data;
  const [x, y] = layout === "umap" ? [features.umap_x, features.umap_y] : [features.pca_x, features.pca_y];
  const places = new Float32Array(model.n * 2).fill(NaN);
  for (let row = 0; row < model.n; row++) {
    places[2 * row] = x?.[row] ?? NaN;
    places[2 * row + 1] = y?.[row] ?? NaN;
  }
  return places;
}

export interface RoleShare {
  role: number;
  share: number | null; // null: not known
}

/** The roles in which a feature is strongest, with what they have of all that the roles have; none with nothing of it. */
export function topRoles({ data: { features } }: MapModel, row: number): RoleShare[] {
  const shares = features.top_shares[row] ?? [];
  return (features.top_roles[row] ?? [])
    .map((role, at) => ({ role, share: shares[at] ?? null }))
    .filter(({ role, share }) => role >= 0 && share !== 0);
}

/** The share of the role that a feature prefers; null where it is not known. */
export function shareOfPreferred(model: MapModel, row: number): number | null {
  return topRoles(model, row).find(({ role }) => role === model.roleOf[row])?.share ?? null;
}

export function hasLayout(model: MapModel, layout: Layout): boolean {
  const { features } = model.data;
  const x = layout === "umap" ? features.umap_x : features.pca_x;
  return x?.some((value) => value !== null);
}

export function valueOf(model: MapModel, metric: Metric, row: number): number | null {
  return model.data.features[metric]?.[row] ?? null;
}

export function rangeOf(model: MapModel, metric: Metric): Range | null {
  const found = model.ranges.get(metric) ?? spread(model, metric);
  model.ranges.set(metric, found);
  return found;
}

function spread(model: MapModel, metric: Metric): Range | null {
  const known = (model.data.features[metric] ?? []).filter((value): value is number => value !== null);
  const some = metric === "pref_ratio" ? known.filter((value) => value < ALONE) : known;
  const values = Float64Array.from(some.length > 0 ? some : known).sort();
  if (values.length === 0) return null;
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0;
  return { low: at(0.02), high: at(0.98), min: at(0), max: at(1), unknown: model.n - known.length };
}

const ALONE = 1e6; // a preference ratio above it is one over nothing: no other role has the feature

/** A metric's value in words: how many times nothing something is, is no number to show. */
export function metricText(metric: Metric, value: number | null): string {
  return metric === "pref_ratio" && value !== null && value >= ALONE ? "one role alone" : fmt(value);
}

/** Where in the range a value lies, 0–1; null for an unknown one. */
export function placeIn(range: Range | null, value: number | null): number | null {
  if (value === null || range === null) return null;
  if (range.high <= range.low) return 0.5;
  return Math.min(1, Math.max(0, (value - range.low) / (range.high - range.low)));
}
