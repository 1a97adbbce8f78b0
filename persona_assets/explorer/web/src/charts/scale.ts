import { type ScaleContinuousNumeric, scaleLinear, scalePow } from "d3-scale";

export type Scale = ScaleContinuousNumeric<number, number>;

/** What a list of numbers spans, nulls left out; [0, 1] where there are none, and never empty. */
export function extent(values: Iterable<number | null>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (low === high) return low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)];
  return [low, high];
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Linear from the domain to pixels. */
export function linear(domain: [number, number], range: [number, number]): Scale {
  return scaleLinear().domain(domain).range(range);
}

/** A signed square root: spreads what is crowded at zero, and is defined there and below, unlike a logarithm. */
export function squareRoot(domain: [number, number], range: [number, number]): Scale {
  return scalePow().exponent(0.5).domain(domain).range(range);
}

/** Ticks that are at least `gap` pixels apart, on a root scale too, where the evenly spaced would crowd. */
export function ticksOf(scale: Scale, count: number, gap = 24): number[] {
  const chosen: number[] = [];
  const fits = (tick: number) => chosen.every((other) => Math.abs(scale(other) - scale(tick)) >= gap);
  const ticks = scale.ticks(count);
  if (ticks.includes(0)) chosen.push(0);
  for (const tick of [...ticks].reverse()) if (fits(tick)) chosen.push(tick);
  return chosen.sort((a, b) => a - b);
}

/** What stands at a tick; thousands in groups as `count` writes them. */
export function tickText(scale: Scale, count: number): (tick: number) => string {
  const format = scale.tickFormat(count);
  return (tick) => format(tick).replaceAll(",", "\u2009");
}
