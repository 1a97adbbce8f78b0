import { useMemo } from "react";
import { DriftChart, type DriftPoint } from "../../charts/DriftChart";
import { Section } from "../../components/parts";
import type { DriftRun, DriftRunEntry, DriftScore } from "../../generated/contract";
import { setParams, useParam } from "../../router/router";
import { Confounds } from "./Confounds";
import { onPlayedAxis } from "./played";
import { RunHead } from "./RunHead";
import { TransitionPanel } from "./TransitionPanel";
import { TurnList } from "./TurnList";
import { TurnPanel } from "./TurnPanel";
import { SCORES, scoresOf } from "./words";

/** One conversation: where it drifts, in which words, by which features, and whether that is to be believed. */
export function RunView({ run: measured, runs }: { run: DriftRun; runs: DriftRunEntry[] }) {
  const [axis] = useParam("axis", "all");
  const played = axis === "played" && measured.played !== null;
  const run = useMemo(() => (played ? onPlayedAxis(measured) : measured), [measured, played]);
  const scores = useMemo(() => scoresOf(run), [run]);
  const [asked] = useParam("score", run.score);
  const score = scores.find((one) => one === asked) ?? run.score;
  const [turnAsked] = useParam("turn", String(run.largest_drop?.turn ?? 0));
  const place = Math.max(
    0,
    run.turns.findIndex((turn) => turn.turn === Number(turnAsked)),
  );
  const points = useMemo(() => pointsOf(run, score), [run, score]);
  const choose = (at: number) => setParams({ turn: run.turns[at]?.turn ?? 0 }, { replace: true });
  const turn = run.turns[place];
  const transition = run.transitions.find((one) => one.turn === turn?.turn);
  return (
    <div className="page drift">
      <RunHead run={run} runs={runs} score={score} scores={scores} played={played} />
      <Section
        title="Score by turn"
        note={
          <ChartNote
            run={run}
            plain={points.some((point) => point.plain !== null)}
            uncapped={points.some((point) => point.uncapped !== null)}
          />
        }
      >
        <div className="panel drift-chart-panel">
          <DriftChart points={points} label={SCORES[score]} chosen={place} choose={choose} />
        </div>
      </Section>
      <div className="drift-columns">
        <TurnList run={run} score={score} place={place} choose={choose} />
        {turn && <TurnPanel key={turn.turn} run={run} turn={turn} score={score} />}
      </div>
      {played && (
        <p className="footnote">
          The tokens' colours are of the axis over all answers, and so are the features that moved the score: choose that axis to see them.
        </p>
      )}
      {transition && !played && run.space.space === "sae" && (
        <TransitionPanel key={transition.turn} run={run} transition={transition} score={score} />
      )}
      <Confounds run={run} score={score} />
    </div>
  );
}

function pointsOf(run: DriftRun, score: DriftScore): DriftPoint[] {
  return run.turns.flatMap((turn, place) => {
    const one = turn.scores[score];
    if (!one) return [];
    const plain = score === "projection" && turn.plain ? { low: turn.plain.low, high: turn.plain.high } : null;
    return [{ turn: place, value: one.value, low: one.low, high: one.high, plain, uncapped: turn.uncapped?.[score] ?? null }];
  });
}

function ChartNote({ run, plain, uncapped }: { run: DriftRun; plain: boolean; uncapped: boolean }) {
  const n = run.space.n_draws;
  if (n === null) return "No null band is known: whether a turn is unlike the assistant cannot be said.";
  return (
    <>
      <span className="band-swatch" aria-hidden="true" /> null band: 95 % of {n} spans of as many tokens from {run.anchor}'s own responses ·{" "}
      <span aria-hidden="true">▼</span> below it, <span aria-hidden="true">▲</span> above it
      {plain && (
        <>
          {" "}
          · <span className="plain-swatch" aria-hidden="true" /> 95 % of the same turn of {run.plain?.n} plain conversations
        </>
      )}
      {uncapped && (
        <>
          {" "}
          · <span className="uncapped-swatch" aria-hidden="true" /> the conversation as it is, without the cap
        </>
      )}
    </>
  );
}
