import { useCallback, useEffect, useState } from "react";
import { useConnection } from "./connection";
import { getJson } from "./http";
import { asProblem, isAbort } from "./problem";
import { useStudyState } from "./StudyContext";
import type { Resource } from "./useResource";

/**
 * The resource at `path`, one that changes without a publication: read whenever it is shown, and again when asked.
 * What was read stays in view meanwhile, marked stale; null reads nothing and stays "loading".
 */
export function useFresh<T>(path: string | null): [Resource<T>, again: () => void] {
  const { cache } = useStudyState(); // another for every snapshot
  const { epoch } = useConnection();
  const [attempt, setAttempt] = useState(0);
  const [found, setFound] = useState<{ path: string | null; resource: Resource<T> }>({ path: null, resource: { state: "loading" } });
  const again = useCallback(() => setAttempt((before) => before + 1), []);
  useEffect(() => {
    if (path === null) return;
    const aborter = new AbortController();
    const tell = (resource: Resource<T>) => setFound({ path, resource });
    setFound((before) => (before.path === path && before.resource.state === "ready" ? marked(before.path, before.resource) : before));
    getJson<T>(path, aborter.signal)
      .then((data) => tell({ state: "ready", data, stale: false }))
      .catch((error: unknown) => {
        if (isAbort(error)) return;
        tell({ state: "error", ...asProblem(error), retry: again });
      });
    return () => aborter.abort();
  }, [path, cache, epoch, attempt, again]);
  return [found.path === path ? found.resource : { state: "loading" }, again];
}

function marked<T>(path: string | null, resource: Resource<T> & { state: "ready" }) {
  return { path, resource: { ...resource, stale: true } };
}
