import { useEffect, useRef, useState } from "react";
import { post } from "../../data/http";
import { asProblem, isAbort } from "../../data/problem";
import type { Problem, TriedTexts } from "../../generated/contract";

export interface Question {
  text: string;
  sae: string;
  conversation: boolean;
}

export type Trial =
  | { state: "idle" }
  | { state: "running" }
  | { state: "done"; result: TriedTexts; number: number }
  | { state: "failed"; problem: Problem };

/** The last text that was tried, and the function that tries one; a new one takes the place of one under way. */
export function useTry(): [Trial, ask: (question: Question) => void] {
  const [trial, setTrial] = useState<Trial>({ state: "idle" });
  const running = useRef<AbortController | null>(null);
  const asked = useRef(0);
  useEffect(() => () => running.current?.abort(), []);
  const ask = (question: Question) => {
    running.current?.abort();
    const aborter = new AbortController();
    running.current = aborter;
    asked.current += 1;
    const number = asked.current;
    setTrial({ state: "running" });
    post("api/try", question, aborter.signal)
      .then((answer) => answer.json() as Promise<TriedTexts>)
      .then((result) => setTrial({ state: "done", result, number }))
      .catch((error: unknown) => {
        if (!isAbort(error)) setTrial({ state: "failed", problem: asProblem(error).problem });
      });
  };
  return [trial, ask];
}
