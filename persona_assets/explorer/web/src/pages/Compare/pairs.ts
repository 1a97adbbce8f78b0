import type { FeaturesOfRole } from "../../generated/contract";
import { type Certainty, certaintyOf } from "./certainty";

export const MEASURES = {
  mean: { title: "mean activation", short: "mean", column: "mean", silent: 0 },
  sure: { title: "mean activation, the surest first", short: "mean", column: "mean", silent: 0 },
  effect: { title: "effect against the other roles", short: "effect", column: "effect", silent: null },
  firing_rate: { title: "share of responses in which it fires", short: "fires in", column: "firing_rate", silent: 0 },
} as const;

export type Measure = keyof typeof MEASURES;

/** One measure of two roles, feature by feature; row i of each array is the same feature. */
export interface Pairs {
  ids: number[];
  x: number[]; // in the first role
  y: number[]; // in the second
  at: [a: number | null, b: number | null][]; // its row in either role's table
  told: Certainty[]; // of the means
  order: Int32Array; // rows by the size of the difference, the largest first, or the surest
}

/** Joined by the feature's id: one that never fires in a role has a mean and a rate of 0 there, and no effect. */
export function pairsOf(a: FeaturesOfRole, b: FeaturesOfRole, measure: Measure): Pairs {
  const { silent, column } = MEASURES[measure];
  const inB = new Map(b.feature_id.map((id, row) => [id, row]));
  const pairs: Pairs = { ids: [], x: [], y: [], at: [], told: [], order: new Int32Array() };
  const add = (id: number, rowA: number | null, rowB: number | null) => {
    const x = rowA === null ? silent : (a[column][rowA] ?? null);
    const y = rowB === null ? silent : (b[column][rowB] ?? null);
    if (x === null || y === null) return;
    pairs.ids.push(id);
    pairs.at.push([rowA, rowB]);
    pairs.x.push(x);
    pairs.y.push(y);
  };
  a.feature_id.forEach((id, row) => {
    add(id, row, inB.get(id) ?? null);
    inB.delete(id);
  });
  for (const [id, row] of inB) add(id, null, row);
  const size = Float64Array.from(pairs.x, (x, row) => Math.abs(x - pairs.y[row]!));
  pairs.told = certaintyOf(a, b, pairs.at);
  const surer = (one: number, other: number) => (measure === "sure" ? (pairs.told[one]!.p ?? 2) - (pairs.told[other]!.p ?? 2) : 0);
  pairs.order = Int32Array.from(pairs.ids.keys()).sort((one, other) => surer(one, other) || size[other]! - size[one]!);
  return pairs;
}
