import { expect, test } from "vitest";
import { clamp, extent, linear, squareRoot, ticksOf, tickText } from "../../src/charts/scale";

test("an extent spans the numbers that are known", () => {
  expect(extent([3, null, -1, NaN, Infinity])).toEqual([-1, 3]);
});

test("an extent is never empty", () => {
  expect(extent([])).toEqual([0, 1]);
  expect(extent([null])).toEqual([0, 1]);
  expect(extent([0, 0])).toEqual([0, 1]);
  expect(extent([5])).toEqual([0, 5]);
  expect(extent([-5])).toEqual([-5, 0]);
});

test("a value is held between its bounds", () => {
  expect([clamp(-1, 0, 5), clamp(3, 0, 5), clamp(9, 0, 5)]).toEqual([0, 3, 5]);
});

test("a linear scale leads to pixels and back", () => {
  const scale = linear([0, 10], [100, 200]);
  expect([scale(5), scale.invert(150)]).toEqual([150, 5]);
});

test("a root scale is signed, and spreads what is near zero", () => {
  const scale = squareRoot([-100, 100], [0, 200]);
  expect([scale(-100), scale(0), scale(25), scale(100)]).toEqual([0, 100, 150, 200]);
});

test("ticks keep their distance, and zero is among them", () => {
  const scale = squareRoot([0, 100], [0, 100]);
  const ticks = ticksOf(scale, 10, 24);
  const places = ticks.map((tick) => scale(tick));
  expect(ticks[0]).toBe(0);
  expect(ticks.at(-1)).toBe(100);
  for (let at = 1; at < places.length; at++) expect(places[at]! - places[at - 1]!).toBeGreaterThanOrEqual(24);
  expect(ticks.length).toBeLessThan(scale.ticks(10).length);
});

test("a tick's thousands stand in groups", () => {
  expect(tickText(linear([0, 20000], [0, 100]), 4)(10000)).toBe("10\u2009000");
});
