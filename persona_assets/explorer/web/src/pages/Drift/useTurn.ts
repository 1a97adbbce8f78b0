import { useCallback, useState } from "react";
import type { DriftRun } from "../../generated/contract";
import { setParams, useParam } from "../../router/router";

interface ChosenTurn {
  place: number; // in the run
  led: number; // how often a link has led to it; 0: it was chosen on the page, or is the one that a run opens at
  choose: (place: number) => void; // on the page: what the reader has in view stays there
  lead: () => void; // to the turn that the address names, where it is the same as before, too
}

/** Return the turn that the address names, by default that of the largest drop, and whether it was a link that did. */
export function useTurn(run: DriftRun): ChosenTurn {
  const [named] = useParam("turn");
  const [chosen, setChosen] = useState<string | null>(null); // on the page
  const [links, setLinks] = useState(1);
  const turn = named === "" ? (run.largest_drop?.turn ?? 0) : Number(named);
  const choose = useCallback(
    (at: number) => {
      const to = run.turns[at]?.turn ?? 0;
      setChosen(String(to));
      setParams({ turn: to }, { replace: true });
    },
    [run],
  );
  const lead = useCallback(() => {
    setChosen(null);
    setLinks((before) => before + 1);
  }, []);
  const place = Math.max(
    0,
    run.turns.findIndex((one) => one.turn === turn),
  );
  return { place, led: named === "" || named === chosen ? 0 : links, choose, lead };
}
