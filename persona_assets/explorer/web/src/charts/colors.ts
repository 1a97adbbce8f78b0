import { cssColor } from "../app/theme";
import { clamp } from "./scale";

/** Red, green, blue of 0–255. */
export type Rgb = readonly [number, number, number];

/** The colours between negative, zero and positive in the theme in force: a function of [-1, 1]. */
export function divergingRamp(): (t: number) => Rgb {
  const [negative, zero, positive] = [cssColor("--negative"), cssColor("--panel"), cssColor("--positive")];
  return (t) => mix(zero, t < 0 ? negative : positive, clamp(Math.abs(t), 0, 1));
}

export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  const at = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * t);
  return [at(0), at(1), at(2)];
}

export function css([r, g, b]: Rgb, alpha = 1): string {
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}
