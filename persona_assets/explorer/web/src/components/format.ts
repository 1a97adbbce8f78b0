/** How numbers are written everywhere. What is not known is an en dash. */
export const UNKNOWN = "–";
const MINUS = "−";

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => value !== null && value !== undefined && Number.isFinite(value);

/** Three significant digits, or `digits`: 0.0123, 4.57, 123, 1.2e-7; a true minus. */
export function fmt(value: Maybe, digits = 3): string {
  if (!known(value)) return UNKNOWN;
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size < 1e-4 || size >= 1e7
      ? value.toExponential(Math.max(digits - 1, 0))
      : value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
  return text.replaceAll("-", MINUS);
}

/** A fixed number of decimals: columns of numbers of one size stay aligned. What rounds to zero has no sign. */
export function fixed(value: Maybe, decimals = 2): string {
  if (!known(value)) return UNKNOWN;
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", MINUS);
}

/** With its sign: effects. */
export function signed(value: Maybe, decimals = 2): string {
  if (!known(value)) return UNKNOWN;
  const text = fixed(value, decimals);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** Three significant digits with the sign: effects of any size. */
export function signedFmt(value: Maybe): string {
  return known(value) && value > 0 ? `+${fmt(value)}` : fmt(value);
}

/** A share of 0–1 as percent: 42.0 %, 0.31 %. */
export function percent(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  const share = value * 100;
  const decimals = share === 0 || share >= 99.95 ? 0 : share < 1 ? 2 : 1;
  return `${share.toFixed(decimals)}\u202f%`.replace("-", MINUS);
}

/** A count, in groups of thousands: 65 536. */
export function count(value: Maybe): string {
  return known(value) ? value.toLocaleString("en-US").replaceAll(",", "\u2009") : UNKNOWN;
}

/** A size in the largest unit that leaves a digit before the point: 7.7 MB. */
export function bytes(n: number): string {
  const place = Math.min(Math.floor(Math.log10(Math.max(n, 1)) / 3), 3);
  const value = n / 1000 ** place;
  return `${place === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)}\u202f${["B", "kB", "MB", "GB"][place]}`;
}

/** A probability after correction: below a thousandth only that is said. */
export function qValue(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  return value < 0.001 ? "<\u202f0.001" : value.toFixed(3);
}

/** A model's name without that of its owner: google/gemma-3-27b-it is gemma-3-27b-it. */
export const shortly = (model: string): string => model.split("/").at(-1) ?? model;

/** A time as the reader's place writes it. */
export function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
