import { post } from "../../data/http";
import type { SqlResult } from "../../generated/contract";

export type Format = "csv" | "parquet";

/** Whoever answers the console's queries: the live server, or the reader's own browser. */
export interface Asker {
  formats: Format[]; // of files
  ask: (sql: string, signal: AbortSignal, report: (said: string) => void) => Promise<SqlResult>;
  file: (sql: string, format: Format) => Promise<Blob>;
}

export const server: Asker = {
  formats: ["csv", "parquet"],
  ask: async (sql, signal) => (await post("api/sql", { sql }, signal)).json() as Promise<SqlResult>,
  file: async (sql, format) => (await post(`api/sql/export?format=${format}`, { sql })).blob(),
};
