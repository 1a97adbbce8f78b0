import { useEffect, useState } from "react";
import { useStudyState } from "../../data/StudyContext";
import type { ResponsesPage } from "../../generated/contract";
import { paths } from "../../generated/paths";

/** The page that holds a response, found by halving (pages are in the order of ids); null until it is. */
export function usePageOf(role: string, responseId: number | null, nPages: number): number | null {
  const { cache } = useStudyState();
  const [found, setFound] = useState<number | null>(null);
  useEffect(() => {
    setFound(null);
    if (responseId === null || !Number.isFinite(responseId)) return;
    let wanted = true;
    const look = async () => {
      let [low, high] = [1, nPages];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const { promise, release } = cache.open(paths.responses(role, middle));
        const { responses } = (await promise.finally(release)) as ResponsesPage;
        if (responseId > (responses.at(-1)?.response_id ?? Infinity)) low = middle + 1;
        else high = middle;
      }
      if (wanted) setFound(low);
    };
    look().catch(() => wanted && setFound(1));
    return () => {
      wanted = false;
    };
  }, [cache, role, responseId, nPages]);
  return responseId !== null && !Number.isFinite(responseId) ? 1 : found;
}
