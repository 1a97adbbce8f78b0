import { useEffect, useState } from "react";
import { getJson } from "../data/http";
import { asProblem, isAbort } from "../data/problem";
import { useSae, useStudyState } from "../data/StudyContext";
import type { FeatureTable, SearchResult } from "../generated/contract";
import { paths } from "../generated/paths";
import { searchFeatures, searchRoles } from "./local";

const TYPING_MS = 90;

export type Search =
  | { state: "idle" }
  | { state: "searching"; before: SearchResult | null }
  | { state: "found"; result: SearchResult }
  | { state: "failed"; error: string };

/** What ids, labels and roles answer to `text`: the live server, or the site's own table of features. */
export function useSearch(text: string): Search {
  const { study, cache } = useStudyState();
  const sae = useSae()?.sae ?? null;
  const [search, setSearch] = useState<Search>({ state: "idle" });
  const wanted = text.trim();
  useEffect(() => {
    if (wanted === "") {
      setSearch({ state: "idle" });
      return;
    }
    setSearch((now) => ({ state: "searching", before: now.state === "found" ? now.result : null }));
    const controller = new AbortController();
    const ask = study.live
      ? () => getJson<SearchResult>(`api/search?${new URLSearchParams({ q: wanted, sae: sae ?? "" })}`, controller.signal)
      : () => atHome();
    const atHome = async (): Promise<SearchResult> => {
      const roles = searchRoles(
        study.roles.map(({ role }) => role),
        wanted,
      );
      if (sae === null) return { features: [], roles };
      const { promise, release } = cache.open(paths.features(sae));
      try {
        return { features: searchFeatures((await promise) as FeatureTable, wanted), roles };
      } finally {
        release();
      }
    };
    const timer = setTimeout(() => {
      ask().then(
        (result) => controller.signal.aborted || setSearch({ state: "found", result }),
        (error: unknown) => {
          if (!controller.signal.aborted && !isAbort(error)) setSearch({ state: "failed", error: asProblem(error).problem.error });
        },
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [wanted, study, cache, sae]);
  return search;
}

/** What is shown meanwhile: the answer before, so that the list does not flicker. */
export function resultOf(search: Search): SearchResult | null {
  if (search.state === "found") return search.result;
  return search.state === "searching" ? search.before : null;
}
