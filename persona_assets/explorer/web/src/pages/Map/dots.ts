import type { Dots } from "./deck";
import type { Look } from "./palette";

const OUTSIDE = 0.22; // of a dot's strength, where a lasso leaves it out

/** The buffers of the layer: the grey first, the named over them. */
export function makeDots(places: Float32Array, look: Look, inside: Set<number> | null): Dots {
  const order: number[] = [];
  const last: number[] = [];
  for (let row = 0; row < look.front.length; row++) {
    if (Number.isNaN(places[2 * row] as number)) continue;
    const front = look.front[row] === 1 && (inside === null || inside.has(row));
    (front ? last : order).push(row);
  }
  for (const row of last) order.push(row);
  const position = new Float32Array(order.length * 3);
  const colors = new Uint8ClampedArray(order.length * 4);
  const radii = new Float32Array(order.length);
  order.forEach((row, at) => {
    position[3 * at] = places[2 * row] as number;
    position[3 * at + 1] = places[2 * row + 1] as number;
    colors.set(look.colors.subarray(4 * row, 4 * row + 4), 4 * at);
    if (inside !== null && !inside.has(row)) colors[4 * at + 3] = (look.colors[4 * row + 3] as number) * OUTSIDE;
    radii[at] = look.radii[row] as number;
  });
  return {
    length: order.length,
    attributes: {
      getPosition: { value: position, size: 3 },
      getFillColor: { value: colors, size: 4, normalized: true },
      getRadius: { value: radii, size: 1 },
    },
  };
}
