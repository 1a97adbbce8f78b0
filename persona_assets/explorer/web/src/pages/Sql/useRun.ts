import { useCallback, useEffect, useState } from "react";
import { asProblem, isAbort } from "../../data/problem";
import type { Problem, SqlResult } from "../../generated/contract";
import type { Asker } from "./asker";

export type Run =
  | { state: "idle" }
  | { state: "running"; sql: string; since: number; said: string } // how far it is
  | { state: "done"; sql: string; result: SqlResult }
  | { state: "failed"; sql: string; problem: Problem }
  | { state: "cancelled"; sql: string };

/** The asker's answer to `sql`, asked again when `nonce` changes; null asks nothing. Leaving or `cancel` ends the query. */
export function useRun(asker: Asker, sql: string | null, nonce: number): [Run, () => void] {
  const [run, setRun] = useState<Run>({ state: "idle" });
  const [controller, setController] = useState<AbortController | null>(null);
  useEffect(() => {
    if (sql === null || sql.trim() === "") {
      setRun({ state: "idle" });
      return;
    }
    const aborter = new AbortController();
    setController(aborter);
    setRun({ state: "running", sql, since: performance.now(), said: "" });
    const report = (said: string) => setRun((before) => (before.state === "running" && before.sql === sql ? { ...before, said } : before));
    asker
      .ask(sql, aborter.signal, report)
      .then((result) => setRun({ state: "done", sql, result }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setRun({ state: "failed", sql, problem: asProblem(error).problem });
      });
    return () => aborter.abort();
  }, [asker, sql, nonce]);
  const cancel = useCallback(() => {
    controller?.abort();
    setRun((before) => (before.state === "running" ? { state: "cancelled", sql: before.sql } : before));
  }, [controller]);
  return [run, cancel];
}
