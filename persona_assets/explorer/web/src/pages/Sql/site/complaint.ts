import type { Problem, SiteSql } from "../../../generated/contract";
import { ARGUMENTS, IS_A_MACRO, TAKES_OTHERS } from "../../../generated/slips";

const EXTENSION = /exists in the (\w+) extension|extension "?(\w+)"? (?:could not|is not|that is not)|file "(\w+)\.duckdb_extension/;
const UNKNOWN = /(?:Table|Function|View|Macro)(?: Function)? with name "?(\w+)"? (?:does not exist|is not in)/;
const TABLE = /Table with name "?(\w+)"? does not exist/; // not a function: that one has arguments

/** Of a database that is no longer there; by its name, it changes with each publication. */
export const PUBLISHED_AGAIN = "The site was published again, or its host does not answer: load the page again.";
const NOT_READ = /Range request for \S+/;

/** DuckDB's error, its setting `errors_as_json` on, in a line of its own with its place; what the site lacks, and how a macro is called, is said so. */
export function complaint(error: unknown, sql: string, site: Pick<SiteSql, "lacking" | "macros">, study: string): Problem {
  const text = error instanceof Error ? error.message : String(error);
  const said = parsed(text);
  const whole = said === null ? text.split("\n\nLINE ")[0]! : `${said.exception_type ?? "Error"} Error: ${said.exception_message ?? text}`;
  const message = clearly(whole)
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
  if (NOT_READ.test(message)) return { error: PUBLISHED_AGAIN };
  const elsewhere = `ask it with \`persona sql ${study}\` or \`persona explore ${study}\``;
  const extension = EXTENSION.exec(message)?.slice(1).find(Boolean);
  if (extension !== undefined) return { error: `This needs DuckDB's extension ${extension}, which the site does not hold; ${elsewhere}.` };
  const missing = UNKNOWN.exec(message)?.[1]?.toLowerCase();
  const macro = TABLE.exec(message)?.[1]?.toLowerCase() ?? "";
  const hint = Object.hasOwn(site.macros, macro) ? ` ${filled(IS_A_MACRO, [macro, site.macros[macro]!])}` : "";
  const problem = {
    error:
      missing !== undefined && site.lacking.includes(missing) ? `${missing} is not in the site's database; ${elsewhere}.` : message + hint,
  };
  return said?.position === undefined ? problem : { ...problem, ...place(sql, Number(said.position), said.exception_type === "Parser") };
}

/** The complaint; of a macro's wrong arguments with those that it takes, as the live console says it. */
const clearly = (complaint: string): string =>
  complaint.replace(new RegExp(ARGUMENTS), (_, ...groups: string[]) => filled(TAKES_OTHERS, groups));

/** A sentence with its places, {0} and {1}, filled in. */
const filled = (sentence: string, values: readonly string[]): string =>
  sentence.replaceAll(/\{(\d)\}/g, (_, n: string) => values[Number(n)] ?? "");

interface Said {
  exception_type?: string;
  exception_message?: string;
  position?: string;
}

/** The error's JSON; that of the parser stands in the message of another. */
function parsed(text: string): Said | null {
  const start = text.indexOf("{");
  try {
    if (start < 0) return null;
    const said = JSON.parse(text.slice(start)) as Said;
    return { ...said, ...(said.exception_message?.startsWith("{") ? parsed(said.exception_message) : null) };
  } catch {
    return null;
  }
}

/** Line and column, both from 1, of a byte of `sql`, or of a character: so the parser counts. */
export function place(sql: string, offset: number, ofCharacters: boolean): { line: number; column: number } {
  const bytes = new TextEncoder().encode(sql).slice(0, offset);
  const before = ofCharacters ? [...sql].slice(0, offset).join("") : new TextDecoder().decode(bytes);
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}
