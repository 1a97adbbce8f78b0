import { useCallback, useEffect, useState } from "react";
import { post } from "../../data/http";
import { asProblem, isAbort } from "../../data/problem";
import type { Problem, SqlResult } from "../../generated/contract";

export type Run =
  | { state: "idle" }
  | { state: "running"; sql: string; since: number }
  | { state: "done"; sql: string; result: SqlResult }
  | { state: "failed"; sql: string; problem: Problem }
  | { state: "cancelled"; sql: string };

/** The answer to `sql`, asked again when `nonce` changes; null asks nothing. Leaving or `cancel` ends the query. */
export function useRun(sql: string | null, nonce: number): [Run, () => void] {
  const [run, setRun] = useState<Run>({ state: "idle" });
  const [controller, setController] = useState<AbortController | null>(null);
  useEffect(() => {
    if (sql === null || sql.trim() === "") {
      setRun({ state: "idle" });
      return;
    }
    const aborter = new AbortController();
    setController(aborter);
    setRun({ state: "running", sql, since: performance.now() });
    post("api/sql", { sql }, aborter.signal)
      .then((answer) => answer.json() as Promise<SqlResult>)
      .then((result) => setRun({ state: "done", sql, result }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setRun({ state: "failed", sql, problem: asProblem(error).problem });
      });
    return () => aborter.abort();
  }, [sql, nonce]);
  const cancel = useCallback(() => {
    controller?.abort();
    setRun((before) => (before.state === "running" ? { state: "cancelled", sql: before.sql } : before));
  }, [controller]);
  return [run, cancel];
}
