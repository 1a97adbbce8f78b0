import type { Problem } from "../../../generated/contract";
import { place } from "./complaint";

export interface Token {
  start: number; // in bytes
  kind: number;
  text: string; // up to the next token
}

export const OPERATOR = 3; // DuckDB's number of this kind of token
const READING = new Set("select from with values describe desc show summarize table pivot unpivot".split(" "));
const LONGEST = 30; // characters of a word that is shown
const REFUSED = "only reading is possible here: SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN";

/** What speaks against running `sql`, as the live console says it: one statement is asked, and it only reads. */
export function refusal(sql: string, tokens: readonly Token[]): Problem | null {
  const ends = tokens.map((token) => token.kind === OPERATOR && token.text.trim() === ";");
  const statements = tokens.filter((_, at) => !ends[at] && (at === 0 || ends[at - 1])); // the first token of each
  if (statements.length === 0) return { error: "no query given" };
  if (statements.length > 1) return { error: `${statements.length} statements given; ask one at a time` };
  const rest = tokens.slice(tokens.indexOf(statements[0]!));
  const explained = rest.find((token) => !["explain", "analyze"].includes(word(token)));
  if (explained !== undefined && (READING.has(word(explained)) || explained.text.startsWith("("))) return null;
  const begins = explained === undefined ? "" : word(explained).slice(0, LONGEST);
  const not = begins === "" ? "" : `; “${begins}” is none of these`; // a slip of the pen, or a statement that writes
  return { error: REFUSED + not, ...place(sql, (explained ?? statements[0]!).start, false) };
}

const word = ({ text }: Token): string => /^\w*/.exec(text)![0].toLowerCase();
