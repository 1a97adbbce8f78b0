/** How a column's numbers are spread, for the histogram in its head. */

export const BARS = 24;

export interface Spread {
  low: number; // the least
  high: number; // the 98th percentile: what is above stands in the last bar
  counts: number[]; // of all rows
}

/** Null where fewer than two values are known, or all are one. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = Float64Array.from(values.filter((value): value is number => value !== null)).sort();
  const low = known[0];
  const high = known[Math.floor(0.98 * (known.length - 1))];
  const most = known.at(-1);
  if (low === undefined || high === undefined || most === undefined || low === most) return null;
  const spread = { low, high: high > low ? high : most, counts: [] };
  return { ...spread, counts: countsOf(values, spread) };
}

/** How many of the rows, or of all, lie in each bar. */
export function countsOf(values: readonly (number | null)[], { low, high }: Omit<Spread, "counts">, rows?: Int32Array): number[] {
  const counts = new Array<number>(BARS).fill(0);
  const add = (value: number | null | undefined) => {
    if (value === null || value === undefined) return;
    const bar = Math.min(BARS - 1, Math.max(0, Math.floor(((value - low) / (high - low)) * BARS)));
    counts[bar] = (counts[bar] ?? 0) + 1;
  };
  if (rows) for (const row of rows) add(values[row]);
  else for (const value of values) add(value);
  return counts;
}
