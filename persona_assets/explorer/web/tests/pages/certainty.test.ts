import { expect, test } from "vitest";
import type { FeaturesOfRole } from "../../src/generated/contract";
import { certaintyOf, pOfT, tOf95 } from "../../src/pages/Compare/certainty";

const MEANS = [3, 2, 1.6, 1.2, 0];

function role(mean: number[], more: Partial<FeaturesOfRole> = {}): FeaturesOfRole {
  const all = <T>(value: T) => mean.map(() => value);
  const rates = { n_responses: all(90), firing_rate: all(0.5), effect: all(0), n_wordings_agree: all(5) };
  return { feature_id: [...mean.keys()], mean, ...rates, mean_error: all(0.3), mean_df: all(9), ...more };
}

test("p is Student's t's, two-sided", () => {
  const known: [number, number, number][] = [
    [0, 9, 1],
    [2.262157, 9, 0.05],
    [4.780913, 9, 0.001],
    [3.182446, 3, 0.05],
    [12.706205, 1, 0.05],
    [164.557673, 0.5, 0.05],
    [6582.0357, 0.3, 0.05],
    [0.2, 0.3, 0.9107608],
    [1.959966, 1e6, 0.05],
  ];
  for (const [t, df, p] of known) expect(pOfT(t, df) / p).toBeCloseTo(1, 4);
});

test("its 97.5 % point is known of few degrees of freedom, too", () => {
  const known: [number, number][] = [
    [0.1, 1682362288745],
    [0.3, 6582.0357],
    [1, 12.706205],
    [3, 3.182446],
    [3.999, 2.776719],
    [9, 2.262157],
    [1e6, 1.959966],
  ];
  for (const [df, t] of known) expect(Math.abs(tOf95(df)! / t - 1)).toBeLessThan(4e-4);
});

test("an interval whose reach is no number has no ends", () => {
  const told = certaintyOf(role([2], { mean_df: [0.0002] }), role([1]), [[0, 0]])[0]!;
  expect([told.low, told.high]).toEqual([null, null]);
  expect(told.p).not.toBeNull();
});

test("a difference has the interval of both roles' errors and the lesser degrees of freedom", () => {
  const told = certaintyOf(role([2], { mean_error: [0.4] }), role([1], { mean_df: [30] }), [[0, 0]])[0]!;
  expect(told.difference).toBe(1);
  expect(told.high! - told.difference).toBeCloseTo(0.5 * 2.262157, 2);
  expect(told.low).toBeCloseTo(2 - told.high!, 9);
});

test("q is Benjamini and Hochberg's over the features that have a p", () => {
  const at = MEANS.map((_, row): [number, number] => [row, row]);
  const told = certaintyOf(role(MEANS), role([1, 1, 1, 1, 0], { firing_rate: [0.5, 0.5, 0.5, 0.5, 0] }), at);
  const rare = certaintyOf(
    role(MEANS, { firing_rate: [0.5, 0.5, 0.5, 0.5, 0.01] }),
    role([1, 1, 1, 1, 0], { firing_rate: [0, 0, 0, 0, 0] }),
    at,
  );
  expect(rare.map((one) => one.p === null)).toEqual([false, false, false, false, true]);
  const p = told.map((one) => one.p!);
  const expected = [p[0]! * 5, (p[1]! * 5) / 2, (p[2]! * 5) / 3, (p[3]! * 5) / 4, p[4]];
  for (const [row, one] of told.entries()) expect(one.q).toBeCloseTo(expected[row]!, 9);
  expect(rare[3]!.q).toBeCloseTo(p[3]!, 12);
});

test("nothing is told where an error is not known, or a role lacks the feature's contrast", () => {
  const [unknown, silent] = certaintyOf(role([1, 1], { mean_error: [null, 0.3] }), role([0.5]), [
    [0, 0],
    [1, null],
  ]);
  expect(unknown).toEqual({ difference: 0.5, low: null, high: null, p: null, q: null });
  expect(silent!.p).toBeNull();
});

test("five firings expected are enough, though rates come with six significant digits", () => {
  const pairOf = (firings: number, of: number) =>
    certaintyOf(
      role([2], { n_responses: [of], firing_rate: [Number((firings / of).toPrecision(6))] }),
      role([1], { n_responses: [of], firing_rate: [0] }),
      [[0, 0]],
    )[0]!.p;
  for (const of of [90, 1200, 1201, 7001]) {
    expect(pairOf(10, of)).not.toBeNull();
    expect(pairOf(9, of)).toBeNull();
  }
});
