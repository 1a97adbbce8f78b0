/** Columns that DuckDB writes as text, as the live console has it do: console/answer.py names the same types. */

import { OPERATOR, type Token } from "./statement";

export interface Column {
  name: string;
  type: string; // as DuckDB says it
}

const IN_ITS_WORDS = /\b(INTERVAL|UNION|BIT|UUID|MAP|UHUGEINT|ENUM|TIME WITH TIME ZONE)\b|^DECIMAL\(38,0\)$/;
const QUOTED = /'[^']*'|"[^"]*"/g; // names of fields, and texts of an ENUM

const isText = ({ type }: Column): boolean => IN_ITS_WORDS.test(type.replaceAll(QUOTED, ""));

/** The query that answers with `columns`, some of them as text; `sql` itself where none needs it. */
export function spelled(sql: string, tokens: Token[], columns: Column[]): string {
  if (!columns.some(isText)) return sql;
  const asked = columns.map((column, at) => (isText(column) ? `#${at + 1}::varchar as ${quoted(column.name)}` : `#${at + 1}`));
  return `select ${asked.join(", ")} from (\n${bare(sql, tokens)}\n)`;
}

/** Without the semicolon that ends it, and what is said after that. */
function bare(sql: string, tokens: Token[]): string {
  const last = tokens.at(-1);
  return last?.kind === OPERATOR && last.text.startsWith(";")
    ? new TextDecoder().decode(new TextEncoder().encode(sql).slice(0, last.start))
    : sql;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
