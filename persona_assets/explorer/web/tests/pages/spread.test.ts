import { expect, test } from "vitest";
import { BARS, countsOf, spreadOf } from "../../src/pages/Table/spread";

const hundred = Array.from({ length: 101 }, (_, value) => value);

test("bars are of one width up to the 98th percentile, and the last has what is above", () => {
  const spread = spreadOf([null, ...hundred, 1e6]);
  expect([spread?.low, spread?.high]).toEqual([0, 98]);
  expect(spread?.counts.length).toBe(BARS);
  expect(spread?.counts.slice(0, 3)).toEqual([5, 4, 4]); // 98 / 24 a bar
  expect(spread?.counts.at(-1)).toBe(8); // 94 to 100, and a million
});

test("of the listed rows only they are counted, in the same bars", () => {
  const spread = spreadOf(hundred)!;
  const counts = countsOf(hundred, spread, Int32Array.from([0, 1, 50, 100]));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
  expect([counts[0], counts.at(-1)]).toEqual([2, 1]);
});

test("where most are equal the largest ends the bars", () => {
  expect(spreadOf([...Array(99).fill(0), 7])).toMatchObject({ low: 0, high: 7 });
});

test.each([[[]], [[null, 3]], [[3, 3, 3]]])("%j has no spread", (values) => expect(spreadOf(values)).toBeNull());
