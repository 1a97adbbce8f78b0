/** What the table shows, as its address says it, and the rows that answer. */
import { useMemo } from "react";
import type { FeatureTable } from "../../generated/contract";
import { setParams, useRoute } from "../../router/router";
import { type Cell, COLUMNS, type Column, columnOf, FIRST_COLUMNS, type Key } from "./columns";

export interface Bounds {
  key: Key;
  low: number | null;
  high: number | null;
}

export interface Query {
  text: string;
  role: string;
  onMap: boolean;
  bounds: Bounds[];
  sort: { key: Key; descending: boolean };
  columns: Column[];
}

export function useQuery(): Query {
  const { params } = useRoute();
  return useMemo(() => queryOf(params), [params]);
}

export function queryOf(params: URLSearchParams): Query {
  const sort = params.get("sort") ?? "feature_id";
  const asked = params.get("columns")?.split(",") ?? FIRST_COLUMNS;
  const key = columnOf(sort.replace(/^-/, ""))?.key ?? "feature_id";
  return {
    text: params.get("text") ?? "",
    role: params.get("role") ?? "",
    onMap: params.get("map") === "only",
    bounds: (params.get("where") ?? "").split(",").flatMap(boundsOf),
    sort: { key, descending: sort.startsWith("-") },
    columns: COLUMNS.filter((column) => column.key === "feature_id" || asked.includes(column.key)),
  };
}

/** `score:1..2.5`; either end may be left open. */
function boundsOf(text: string): Bounds[] {
  const [name = "", range = ""] = text.split(":");
  const column = columnOf(name);
  if (column?.kind !== "number") return [];
  const [low = null, high = null] = range.split("..").map((end) => (end === "" || Number.isNaN(Number(end)) ? null : Number(end)));
  return [{ key: column.key, low, high }];
}

export function setBounds(bounds: Bounds[]): void {
  const where = bounds.map(({ key, low, high }) => `${key}:${low ?? ""}..${high ?? ""}`).join(",");
  setParams({ where }, { replace: true });
}

export function setSort(key: Key, descending: boolean): void {
  setParams({ sort: key === "feature_id" && !descending ? null : `${descending ? "-" : ""}${key}` });
}

export function setColumns(keys: Key[]): void {
  const same = keys.length === FIRST_COLUMNS.length && keys.every((key) => FIRST_COLUMNS.includes(key));
  setParams({ columns: same ? null : keys.join(",") }, { replace: true });
}

/** Without the columns of which nothing is known. */
export function withoutUnknown(query: Query, table: FeatureTable): Query {
  return { ...query, columns: query.columns.filter(({ key }) => table[key]?.some((value) => value !== null)) };
}

/** The places of the rows that are shown, in order; what is not known comes last either way. */
export function answer(table: FeatureTable, query: Query): Int32Array {
  const keep = filters(table, query);
  const rows: number[] = [];
  for (let row = 0; row < table.feature_id.length; row++) if (keep.every((test) => test(row))) rows.push(row);
  const { key, descending } = query.sort;
  const values = sortable(table[key]);
  const sign = descending ? -1 : 1;
  return Int32Array.from(rows).sort((a, b) => {
    const [left, right] = [values[a] ?? null, values[b] ?? null];
    if (left === null || right === null) return left === right ? a - b : left === null ? 1 : -1;
    return left < right ? -sign : left > right ? sign : a - b;
  });
}

function sortable(values: readonly Cell[]): (string | number | null)[] {
  return values.map((value) => (typeof value === "string" ? value.toLowerCase() : typeof value === "boolean" ? Number(value) : value));
}

function filters(table: FeatureTable, query: Query): ((row: number) => boolean)[] {
  const tests: ((row: number) => boolean)[] = [];
  const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length > 0) {
    tests.push((row) => {
      const text = `${table.feature_id[row]} ${table.label[row] ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }
  if (query.role !== "") tests.push((row) => table.preferred_role[row] === query.role);
  if (query.onMap) tests.push((row) => table.selected[row] === true);
  for (const { key, low, high } of query.bounds) {
    if (low === null && high === null) continue;
    const values = table[key] as (number | null)[];
    tests.push((row) => {
      const value = values[row] ?? null;
      return value !== null && (low === null || value >= low) && (high === null || value <= high);
    });
  }
  return tests;
}
