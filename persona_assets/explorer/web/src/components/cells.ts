import type { SqlResult } from "../generated/contract";

const SHORT = 220; // characters of a cell; the whole value is shown below the table

/** A value in full, as text. */
export function whole(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value !== "object") return String(value);
  if (isFlatList(value)) return `[${value.map((one) => JSON.stringify(one)).join(", ")}]`;
  return JSON.stringify(value, null, 1);
}

function isFlatList(value: object): value is unknown[] {
  return Array.isArray(value) && value.every((one) => typeof one !== "object" || one === null);
}

/** A value for one line of a table. */
export function short(value: unknown): string {
  if (typeof value === "number") return brief(value);
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : whole(value);
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}

/** Seven digits are what a float holds; the whole number stands below. */
function brief(value: number): string {
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
  return text.replace("-", "−");
}

export function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|REAL|DOUBLE|DECIMAL)/i.test(type) && !type.endsWith("]");
}

/** Widths in characters: of the head, or of the longest of the first rows, within reason. */
export function widths({ columns, rows }: SqlResult): number[] {
  return columns.map(({ name, type }, place) => {
    const longest = rows.slice(0, 100).reduce((most, row) => Math.max(most, short(row[place]).length), 0);
    return Math.min(60, Math.max(Math.ceil(name.length * 1.15), Math.min(14, type.length), longest));
  });
}
