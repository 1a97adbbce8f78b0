import { expect, test } from "vitest";
import { boundsOf, SpatialIndex } from "../../src/pages/Map/spatial";

const N = 500;
const PLACES = Float32Array.from({ length: 2 * N }, (_, at) => ((at * 7919) % 1000) / 10);
const x = (row: number) => PLACES[2 * row] as number;
const y = (row: number) => PLACES[2 * row + 1] as number;
const rows = Array.from({ length: N }, (_, row) => row);

test("bounds hold the places that are known", () => {
  expect(boundsOf(Float32Array.of(1, 2, NaN, 9, -3, 5))).toEqual({ left: -3, right: 1, bottom: 2, top: 5 });
  expect(boundsOf(Float32Array.of(NaN, NaN))).toEqual({ left: 0, right: 1, bottom: 0, top: 1 });
});

test("a box holds the dots that a look at all finds", () => {
  const box = { left: 20, right: 41.5, bottom: 10, top: 30 };
  const found: number[] = [];
  new SpatialIndex(PLACES).within(box, (row) => found.push(row));
  const expected = rows.filter((row) => x(row) >= box.left && x(row) <= box.right && y(row) >= box.bottom && y(row) <= box.top);
  expect(expected.length).toBeGreaterThan(5);
  expect(found.sort((a, b) => a - b)).toEqual(expected);
});

test("the nearest dot is the one that a look at all finds, among the shown", () => {
  const even = (row: number) => row % 2 === 0;
  const index = new SpatialIndex(PLACES, even);
  for (const place of [
    { x: 50, y: 50 },
    { x: 0, y: 0 },
    { x: 99, y: 3 },
  ]) {
    const distance = (row: number) => Math.hypot(x(row) - place.x, y(row) - place.y);
    const found = index.nearest(place, Infinity)!;
    expect(even(found)).toBe(true);
    expect(distance(found)).toBe(Math.min(...rows.filter(even).map(distance)));
  }
});

test("a dot out of reach, or without a place, is not taken", () => {
  const index = new SpatialIndex(Float32Array.of(0, 0, NaN, NaN));
  expect(index.nearest({ x: 3, y: 4 }, 5)).toBe(0);
  expect(index.nearest({ x: 3, y: 4 }, 4.9)).toBeNull();
});

test("an arrow leads to the nearest dot within 45 degrees, and nowhere at the edge", () => {
  const index = new SpatialIndex(Float32Array.of(0, 0, 4, 1, 1, 3, -2, 0, 9, 0, 0.1, -1));
  expect(index.towards(0, [1, 0])).toBe(1);
  expect(index.towards(0, [0, 1])).toBe(2);
  expect(index.towards(0, [-1, 0])).toBe(3);
  expect(index.towards(0, [0, -1])).toBe(5);
  expect(index.towards(4, [1, 0])).toBeNull();
});

test("a lasso holds the dots inside its line, also where it is not convex", () => {
  const index = new SpatialIndex(Float32Array.of(1, 1, 5, 1, 3, 3, 9, 9));
  const notch = [
    { x: 0, y: 0 },
    { x: 6, y: 0 },
    { x: 6, y: 4 },
    { x: 3, y: 2 },
    { x: 0, y: 4 },
  ];
  expect(index.inside(notch)).toEqual([0, 1]);
  expect(index.inside(notch.slice(0, 2))).toEqual([]);
});

test("one dot, or none, is a map as well", () => {
  expect(new SpatialIndex(Float32Array.of(2, 2)).nearest({ x: 2, y: 2 }, 1)).toBe(0);
  expect(new SpatialIndex(new Float32Array()).nearest({ x: 0, y: 0 }, Infinity)).toBeNull();
});
