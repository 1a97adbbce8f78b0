import { useEffect, useState } from "react";
import type { Problem } from "../generated/contract";
import type { SnapshotCache } from "./cache";
import { useConnection } from "./connection";
import { asProblem, isAbort } from "./problem";
import { useStudyState } from "./StudyContext";

/** `stale`: of the snapshot before; the new one is being read. */
export type Resource<T> =
  | { state: "loading" }
  | { state: "ready"; data: T; stale: boolean }
  | { state: "error"; problem: Problem; status: number | null; retry: () => void };

type Outcome<T> =
  | { path: string; cache: SnapshotCache; data: T }
  | { path: string; cache: SnapshotCache; problem: Problem; status: number | null };

/**
 * The resource at `path` (`data/…json`) of the snapshot in force; null reads nothing and stays "loading".
 *
 * Read once a snapshot however many components ask, aborted when none does any longer, read again when a new
 * snapshot is published (the old data stay, marked stale) or a lost server is back. Show it with `<Loaded>`.
 */
export function useResource<T>(path: string | null): Resource<T> {
  const { cache } = useStudyState();
  const { epoch } = useConnection();
  const [attempt, setAttempt] = useState(0);
  const [outcome, setOutcome] = useState<Outcome<T> | null>(null);

  useEffect(() => {
    if (path === null) return;
    const { promise, release } = cache.open(path);
    let wanted = true;
    promise.then(
      (data) => wanted && setOutcome({ path, cache, data: data as T }),
      (error: unknown) => {
        if (!wanted || isAbort(error)) return;
        const { problem, status } = asProblem(error);
        setOutcome({ path, cache, problem, status });
      },
    );
    return () => {
      wanted = false;
      release();
    };
  }, [cache, path, epoch, attempt]);

  if (path === null) return { state: "loading" };
  const known = cache.peek(path);
  if (known !== undefined) return { state: "ready", data: known as T, stale: false };
  if (outcome === null || outcome.path !== path) return { state: "loading" };
  if ("data" in outcome) return { state: "ready", data: outcome.data, stale: outcome.cache !== cache };
  const retry = () => {
    setOutcome(null);
    setAttempt(attempt + 1);
  };
  return { state: "error", problem: outcome.problem, status: outcome.status, retry };
}
