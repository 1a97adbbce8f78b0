import { useEffect, useRef, useState } from "react";
import type { Problem } from "../generated/contract";
import { post } from "./http";
import { asProblem, isAbort } from "./problem";

export type Posted<A> =
  | { state: "idle" }
  | { state: "running" }
  | { state: "done"; result: A; number: number } // its number
  | { state: "failed"; problem: Problem };

/** The last answer to what was posted to `path`, and the function that posts; a new one takes the place of one under way. */
export function usePosted<Q, A>(path: string): [Posted<A>, ask: (question: Q) => void] {
  const [answer, setAnswer] = useState<Posted<A>>({ state: "idle" });
  const running = useRef<AbortController | null>(null);
  const asked = useRef(0);
  useEffect(() => () => running.current?.abort(), []);
  const ask = (question: Q) => {
    running.current?.abort();
    const aborter = new AbortController();
    running.current = aborter;
    asked.current += 1;
    const number = asked.current;
    setAnswer({ state: "running" });
    post(path, question, aborter.signal)
      .then((found) => found.json() as Promise<A>)
      .then((result) => setAnswer({ state: "done", result, number }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setAnswer({ state: "failed", problem: asProblem(error).problem });
      });
  };
  return [answer, ask];
}
