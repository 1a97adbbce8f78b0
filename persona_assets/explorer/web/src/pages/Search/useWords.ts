import { useEffect, useRef, useState } from "react";
import { streamLines } from "../../data/http";
import { asProblem, isAbort } from "../../data/problem";
import type { ResponseHit } from "../../generated/contract";

export type Hit = Extract<ResponseHit, { kind: "hit" }>;

export interface Words {
  byRole: Map<string, Hit[]>;
  n: number;
  done: number; // roles
  of: number;
  state: "reading" | "stopped" | "ended";
  truncated: boolean;
  error: string | null;
}

const NONE: Words = { byRole: new Map(), n: 0, done: 0, of: 0, state: "reading", truncated: false, error: null };

/** The responses with `text` in them, while the server finds them; and how to stop it. */
export function useWords(text: string): [Words, () => void] {
  const [words, setWords] = useState<Words>(NONE);
  const controller = useRef<AbortController | null>(null);
  useEffect(() => {
    const own = new AbortController();
    controller.current = own;
    setWords(NONE);
    const read = async () => {
      let hits: Hit[] = [];
      for await (const line of streamLines<ResponseHit>(`api/responses?${new URLSearchParams({ q: text })}`, own.signal)) {
        if (line.kind === "hit") {
          hits.push(line);
          continue;
        }
        const found = hits; // drawn a role at a time, not a hit at a time
        hits = [];
        setWords((before) => after(line, found, before));
      }
    };
    read().then(
      () => setWords((before) => ({ ...before, state: "ended" })),
      (error: unknown) => {
        if (isAbort(error)) return;
        setWords((before) => ({ ...before, state: "ended", error: asProblem(error).problem.error }));
      },
    );
    return () => own.abort();
  }, [text]);
  const stop = () => {
    controller.current?.abort();
    setWords((before) => ({ ...before, state: "stopped" }));
  };
  return [words, stop];
}

function after(line: Exclude<ResponseHit, Hit>, hits: Hit[], before: Words): Words {
  const words = { ...before, n: before.n + hits.length, byRole: new Map(before.byRole) };
  for (const hit of hits) words.byRole.set(hit.role, [...(words.byRole.get(hit.role) ?? []), hit]);
  if (line.kind === "progress") return { ...words, done: line.done, of: line.of };
  if (line.kind === "end") return { ...words, truncated: line.truncated };
  return { ...words, error: line.error };
}
