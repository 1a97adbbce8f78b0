import { useEffect, useState } from "react";
import { getJson, streamLines } from "../../data/http";
import { asProblem, isAbort } from "../../data/problem";
import type { ResponseHit, ResponsesPage } from "../../generated/contract";
import { paths } from "../../generated/paths";

export interface Found {
  response_id: number;
  question: string;
  snippet: string;
  at: number; // where the words begin in the snippet
  length: number;
}

export interface Search {
  hits: Found[];
  running: boolean;
  done: number;
  of: number;
  truncated: boolean;
  error: string | null;
}

const NOTHING: Search = { hits: [], running: false, done: 0, of: 0, truncated: false, error: null };
const MOST = 500; // hits that a static site's search collects
const AROUND = 90; // characters either side of a hit

/** The role's responses with the words in them: asked of the live server, or read page by page from a static site. */
export function useResponseSearch(role: string, words: string, live: boolean, nPages: number): [Search, () => void] {
  const [search, setSearch] = useState<Search>(NOTHING);
  const [controller, setController] = useState<AbortController | null>(null);
  useEffect(() => {
    if (words === "") {
      setSearch(NOTHING);
      return;
    }
    const aborter = new AbortController();
    setController(aborter);
    setSearch({ ...NOTHING, running: true });
    const add = (change: Partial<Search>, more: Found[] = []) =>
      setSearch((before) => ({ ...before, ...change, hits: before.hits.concat(more) }));
    const reading = live ? ask(role, words, aborter.signal, add) : readPages(role, words, nPages, aborter.signal, add);
    reading
      .catch((error: unknown) => {
        if (!isAbort(error)) add({ error: asProblem(error).problem.error });
      })
      .finally(() => !aborter.signal.aborted && add({ running: false }));
    return () => aborter.abort();
  }, [role, words, live, nPages]);
  const cancel = () => {
    controller?.abort();
    setSearch((before) => ({ ...before, running: false, truncated: true }));
  };
  return [search, cancel];
}

type Add = (change: Partial<Search>, more?: Found[]) => void;

async function ask(role: string, words: string, signal: AbortSignal, add: Add): Promise<void> {
  const query = new URLSearchParams({ q: words, role });
  for await (const line of streamLines<ResponseHit>(`api/responses?${query}`, signal)) {
    if (line.kind === "hit") add({}, [line]);
    else if (line.kind === "progress") add({ done: line.done, of: line.of });
    else if (line.kind === "end") add({ truncated: line.truncated });
    else add({ error: line.error });
  }
}

async function readPages(role: string, words: string, nPages: number, signal: AbortSignal, add: Add): Promise<void> {
  const wanted = words.toLowerCase();
  let found = 0;
  for (let page = 1; page <= nPages; page++) {
    const { responses } = await getJson<ResponsesPage>(paths.responses(role, page), signal);
    const hits = responses.flatMap(({ response_id, question, response }) => {
      const place = response.toLowerCase().indexOf(wanted);
      return place < 0 ? [] : [{ response_id, question, ...snippet(response, place, words.length) }];
    });
    found += hits.length;
    add({ done: page, of: nPages, truncated: found > MOST }, hits);
    if (found > MOST) return;
  }
}

function snippet(text: string, place: number, length: number): Pick<Found, "snippet" | "at" | "length"> {
  const start = Math.max(0, place - AROUND);
  return { snippet: text.slice(start, place + length + AROUND), at: place - start, length };
}
