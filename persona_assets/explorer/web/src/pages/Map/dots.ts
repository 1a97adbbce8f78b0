import type { Dots } from "./DotsLayer";
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
  const dots: Dots = {
    length: order.length,
    positions: new Float32Array(order.length * 2),
    colors: new Uint8Array(order.length * 4),
    radii: new Float32Array(order.length),
  };
  order.forEach((row, at) => {
    dots.positions.set(places.subarray(2 * row, 2 * row + 2), 2 * at);
    dots.colors.set(look.colors.subarray(4 * row, 4 * row + 4), 4 * at);
    if (inside !== null && !inside.has(row)) dots.colors[4 * at + 3] = (look.colors[4 * row + 3] as number) * OUTSIDE;
    dots.radii[at] = look.radii[row] as number;
  });
  return dots;
}
