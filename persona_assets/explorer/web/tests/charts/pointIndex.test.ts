import { expect, test } from "vitest";
import { nearest, PointIndex } from "../../src/charts/pointIndex";

const WIDTH = 300;
const steps = Array.from({ length: 400 }, (_, i) => i);
const x = Float32Array.from(steps, (i) => (i * 37) % WIDTH);
const y = Float32Array.from(steps, (i) => (i * 53) % 200);

test("the nearest point is the one that a look at all finds", () => {
  const index = new PointIndex(x, y, WIDTH);
  for (const [left, top] of [
    [0, 0],
    [150, 100],
    [299, 199],
    [11.9, 12.1],
  ] as const) {
    const distance = (i: number) => Math.hypot(x[i]! - left, y[i]! - top);
    const found = nearest(index, left, top, 40);
    expect(distance(found!)).toBe(Math.min(...steps.map(distance)));
  }
});

test("a point out of reach is not taken", () => {
  const index = new PointIndex(Float32Array.of(50), Float32Array.of(50), WIDTH);
  expect(nearest(index, 50, 62, 12)).toBe(0);
  expect(nearest(index, 50, 62.5, 12)).toBeNull();
});
