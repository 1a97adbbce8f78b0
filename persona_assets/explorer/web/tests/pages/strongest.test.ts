import { expect, test } from "vitest";
import type { TriedFeature } from "../../src/generated/contract";
import { byToken, ratio } from "../../src/pages/Try/strongest";

const feature = (feature_id: number, tokens: number[], values: number[]): TriedFeature => ({
  ...{ feature_id, tokens, values, label: null, max: Math.max(...values), n_active: tokens.length },
  ...{ token_rate: 0.25, strongest: 9 },
});

test("each token has its features, the strongest first", () => {
  const found = byToken({ pieces: ["a", "b", "c"], features: [feature(1, [0, 1], [1, 5]), feature(2, [1, 0], [2, 3])] });
  expect(found.map((on) => on.map((one) => [one.feature.feature_id, one.value]))).toEqual([
    [
      [2, 3],
      [1, 1],
    ],
    [
      [1, 5],
      [2, 2],
    ],
    [],
  ]);
});

test("a ratio is one of known densities alone", () => {
  const one = feature(1, [0, 1], [1, 1]);
  expect(ratio(one, 4)).toBe(2);
  expect(ratio({ ...one, token_rate: null }, 4)).toBeNull();
  expect(ratio({ ...one, token_rate: 0 }, 4)).toBeNull();
});
