import { post } from "../../data/http";
import type { SqlResult } from "../../generated/contract";

export type Format = "csv" | "parquet";
export type Report = (said: string) => void;
export type Answered = Pick<SqlResult, "columns" | "rows" | "truncated">;

/** An answer's file, and what is to be said of it. */
export interface Written {
  blob: Blob;
  note: string | null;
}

/** Whoever answers the console's queries: the live server, or the reader's own browser. */
export interface Asker {
  formats: Format[]; // of files
  ask: (sql: string, signal: AbortSignal, report: Report) => Promise<SqlResult>;
  file: (sql: string, format: Format, signal: AbortSignal, report: Report) => Promise<Written>;
}

export const server: Asker = {
  formats: ["csv", "parquet"],
  ask: async (sql, signal) => (await post("api/sql", { sql }, signal)).json() as Promise<SqlResult>,
  file: async (sql, format, signal) => {
    const answer = await post(`api/sql/export?format=${format}`, { sql }, signal);
    return { blob: await answer.blob(), note: null };
  },
};
