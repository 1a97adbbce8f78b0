import { columnOf } from "./columns";
import type { Query } from "./query";

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** The query to the warehouse that answers with what the table shows. */
export function exportSql(query: Query, sae: string): string {
  const where = [`f.sae = ${text(sae)}`, "f.alive"];
  for (const word of query.text.toLowerCase().split(/\s+/).filter(Boolean)) {
    where.push(`contains(lower(f.feature_id || ' ' || coalesce(l.description, '')), ${text(word)})`);
  }
  if (query.role !== "") where.push(`f.preferred_role = ${text(query.role)}`);
  if (query.onMap) where.push("a.feature_id is not null");
  for (const { key, low, high } of query.bounds) {
    const column = columnOf(key)?.sql;
    if (low !== null) where.push(`${column} >= ${low}`);
    if (high !== null) where.push(`${column} <= ${high}`);
  }
  const { key, descending } = query.sort;
  return [
    `select ${query.columns.map((column) => `${column.sql} as ${column.key}`).join(", ")}`,
    "from features as f",
    "left join preferred_labels as l on l.sae = f.sae and l.feature_id = f.feature_id",
    "left join atlas as a on a.sae = f.sae and a.feature_id = f.feature_id",
    `where ${where.join(" and ")}`,
    `order by ${columnOf(key)?.sql} ${descending ? "desc" : "asc"} nulls last, f.feature_id`,
  ].join("\n");
}
