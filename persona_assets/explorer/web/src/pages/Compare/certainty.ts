import type { FeaturesOfRole } from "../../generated/contract";

/** By how much the means of a feature differ between two roles, and how surely: what the SQL macro compare_roles says of it. */
export interface Certainty {
  difference: number; // positive: more in the first
  low: number | null;
  high: number | null;
  p: number | null;
  q: number | null; // over all features of the two that have a p
}

export const LEAST_FIRINGS = 5; // expected in a role: below it nothing is told

type Rows = [a: number | null, b: number | null];

/** Of each pair of rows `at` of the two tables. */
export function certaintyOf(a: FeaturesOfRole, b: FeaturesOfRole, at: Rows[]): Certainty[] {
  const told = at.map((rows) => differenceOf(a, b, rows));
  const known = told.filter((one) => one.p !== null).sort((one, other) => other.p! - one.p!);
  let least = 1;
  known.forEach((one, place) => {
    least = Math.min(least, (one.p! * known.length) / (known.length - place)); // Benjamini-Hochberg
    one.q = least;
  });
  return told;
}

function differenceOf(a: FeaturesOfRole, b: FeaturesOfRole, [rowA, rowB]: Rows): Certainty {
  const mean = (table: FeaturesOfRole, row: number | null) => (row === null ? 0 : table.mean[row]!);
  const fired = (table: FeaturesOfRole, row: number | null) =>
    row === null ? 0 : Math.round(table.firing_rate[row]! * table.n_responses[row]!);
  const difference = mean(a, rowA) - mean(b, rowB);
  const unknown = { difference, low: null, high: null, p: null, q: null };
  const [nA, nB] = [a.n_responses[0] ?? 0, b.n_responses[0] ?? 0];
  const seldom = (fired(a, rowA) + fired(b, rowB)) * Math.min(nA, nB) < LEAST_FIRINGS * (nA + nB);
  if (rowA === null || rowB === null || seldom) return unknown;
  const [errorA, errorB, dfA, dfB] = [a.mean_error[rowA], b.mean_error[rowB], a.mean_df[rowA], b.mean_df[rowB]];
  if (errorA == null || errorB == null || dfA == null || dfB == null) return unknown;
  const error = Math.hypot(errorA, errorB);
  if (error === 0) return unknown;
  const df = Math.min(dfA, dfB);
  const reach = tOf95(df);
  const [low, high] = reach === null ? [null, null] : [difference - error * reach, difference + error * reach];
  return { difference, low, high, p: pOfT(difference / error, df), q: null };
}

/** The 97.5 % point of Student's t, as the macro t_of_95 has it: null where it is too large. */
export function tOf95(df: number): number | null {
  if (df < 0.0085) return null;
  if (df >= 4) return 1.959964 + 2.372271 / df + 2.822499 / df ** 2 + 2.555852 / df ** 3 + 1.589533 / df ** 4;
  const a = df / 2;
  const w = (0.05 / gammas(a)) ** (1 / a);
  const x = w - w ** 2 / (2 * (a + 1)) - (w ** 3 * (a - 1) * (a + 1.5)) / (4 * (a + 1) ** 2 * (a + 2));
  return Math.sqrt((df * (1 - x)) / x);
}

const ERROR_FUNCTION = [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368];

/** Two-sided p of Student's t, as the macro p_of_t has it. */
export function pOfT(t: number, df: number): number {
  const [a, x, rest] = [df / 2, df / (df + t ** 2), t ** 2 / (df + t ** 2)];
  const first = gammas(a) * x ** a * Math.sqrt(rest) * (1 + (x * (a + 0.5)) / (a + 1));
  const y = (df + 3.5) * Math.log1p(t ** 2 / df);
  const b = 48 * (df + 3.5) ** 2;
  const square = y * (1 + (y + 3 - (0.4 * y ** 3 + 3.3 * y ** 2 + 24 * y + 85.5) / (0.8 * y ** 2 + 100 + b)) / b) ** 2;
  const u = 1 / (1 + Math.sqrt(square / 8));
  return first + u * Math.exp(-1.26551226 - square / 2 + u * ERROR_FUNCTION.reduce((sum, one) => sum * u + one, 0));
}

/** Γ(a + ½) / (√π Γ(a + 1)) within 1e-5: that of a + 4 by the beginning of its asymptotic series, stepped down. */
function gammas(a: number): number {
  const z = a + 4;
  let found = (z ** 2 + z / 2 + 1 / 8) ** -0.25 / Math.sqrt(Math.PI);
  for (let k = 4; k > 0; k--) found *= (a + k) / (a + k - 0.5);
  return found;
}
