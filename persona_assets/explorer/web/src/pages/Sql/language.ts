import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { PostgreSQL, SQLDialect, type SQLNamespace, sql } from "@codemirror/lang-sql";
import type { Extension } from "@codemirror/state";
import type { SchemaEntry } from "../../generated/contract";

const MORE_KEYWORDS =
  "anti asof exclude filter ilike lateral pivot positional qualify replace semi summarize unpivot using sample describe columns";

// Words that PostgreSQL knows and that are columns here.
const COLUMNS_HERE = new Set(["role", "start", "name", "kind", "label", "share", "path", "id", "rank", "value", "position"]);
const keywords = (PostgreSQL.spec.keywords ?? "").split(" ").filter((word) => !COLUMNS_HERE.has(word));

const DuckDb = SQLDialect.define({
  ...PostgreSQL.spec,
  keywords: `${keywords.join(" ")} ${MORE_KEYWORDS}`,
  caseInsensitiveIdentifiers: true,
});

/** SQL as DuckDB writes it, with the warehouse's tables, columns and macros offered while typing. */
export function language(schema: SchemaEntry[]): Extension {
  const macros = schema.filter((entry) => entry.kind === "macro").map(macroCompletion);
  const complete = (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/\w+/);
    return word === null ? null : { from: word.from, options: macros, validFor: /^\w*$/ };
  };
  return [sql({ dialect: DuckDb, schema: namespace(schema) }), DuckDb.language.data.of({ autocomplete: complete })];
}

function namespace(schema: SchemaEntry[]): SQLNamespace {
  const tables: Record<string, SQLNamespace> = {};
  for (const { name, kind, comment, columns } of schema) {
    if (kind === "macro") continue;
    const self: Completion = { label: name, type: "type", detail: kind, ...info(comment) };
    const children = columns.map(
      (column): Completion => ({
        label: column.name,
        type: "property",
        ...detail(column.type),
        ...info(column.comment),
      }),
    );
    tables[name] = { self, children };
  }
  return tables;
}

function macroCompletion({ name, comment, columns }: SchemaEntry): Completion {
  const parameters = columns.map((column) => column.name).join(", ");
  return { label: name, apply: `${name}(`, type: "function", detail: `(${parameters})`, ...info(comment) };
}

const detail = (type: string | null) => (type === null ? {} : { detail: type });
const info = (comment: string | null) => (comment === null ? {} : { info: comment });
