/** Which cells of a square of n by n are shown: a block of `size` by `size` from a row and a column on. */
import { clamp } from "./scale";

export interface Block {
  row: number;
  column: number;
  size: number;
}

/** Rows that belong together, from one place to another, in columns as in rows. */
export interface Family {
  name: string;
  from: number;
  to: number; // the last
}

const LEAST = 4; // cells

export const wholeOf = (n: number): Block => ({ row: 0, column: 0, size: n });

export const blockOf = ({ from, to }: Family): Block => ({ row: from, column: from, size: to - from + 1 });

/** The block that an address names as "row,column,size"; all cells where it names none that there is. */
export function parseBlock(text: string, n: number): Block {
  const [row, column, size, ...more] = text.split(",").map(Number);
  const isOne = [row, column, size].every((one) => one !== undefined && Number.isInteger(one) && one >= 0);
  if (!isOne || more.length > 0 || size! < 1 || row! + size! > n || column! + size! > n) return wholeOf(n);
  return { row: row!, column: column!, size: size! };
}

/** What an address says of a block; nothing of all cells. */
export function blockText({ row, column, size }: Block, n: number): string {
  return size === n ? "" : `${row},${column},${size}`;
}

/** A block of half or twice the size about a cell, or about its own middle. */
export function zoomed(block: Block, way: "in" | "out", at: [row: number, column: number] | null, n: number): Block {
  const size = way === "in" ? Math.max(Math.min(LEAST, block.size), Math.ceil(block.size / 2)) : Math.min(n, block.size * 2);
  const [row, column] = at ?? [block.row + block.size / 2, block.column + block.size / 2];
  const from = (middle: number) => clamp(Math.round(middle - size / 2), 0, n - size);
  return { row: from(row), column: from(column), size };
}
