import { useCallback, useMemo, useRef, useState } from "react";
import { DriftChart, type DriftPoint } from "../../charts/DriftChart";
import { Section } from "../../components/parts";
import type { DriftRun, DriftRunEntry, DriftScore } from "../../generated/contract";
import { useParam } from "../../router/router";
import { Confounds } from "./Confounds";
import { Conversation } from "./Conversation";
import { onPlayedAxis } from "./played";
import { RunHead } from "./RunHead";
import { TransitionPanel } from "./TransitionPanel";
import { TurnList } from "./TurnList";
import { useTurn } from "./useTurn";
import { SCORES, scoresOf } from "./words";

/** One conversation: where it drifts, in which words, by which features, and whether that is to be believed. */
export function RunView({ run: measured, runs }: { run: DriftRun; runs: DriftRunEntry[] }) {
  const [axis] = useParam("axis", "all");
  const played = axis === "played" && measured.played !== null;
  const run = useMemo(() => (played ? onPlayedAxis(measured) : measured), [measured, played]);
  const scores = useMemo(() => scoresOf(run), [run]);
  const [asked] = useParam("score", run.score);
  const score = scores.find((one) => one === asked) ?? run.score;
  const { place, led, choose, lead } = useTurn(run);
  const features = useRef<HTMLDivElement>(null);
  const transition = run.transitions.find((one) => one.turn === run.turns[place]?.turn);
  const hasFeatures = transition !== undefined && !played && run.space.space === "sae";
  const showFeatures = useCallback(() => features.current?.scrollIntoView(), []);
  return (
    <div className="page drift">
      <RunHead run={run} runs={runs} score={score} scores={scores} played={played} lead={lead} />
      <Reading run={run} score={score} place={place} led={led} choose={choose} showFeatures={hasFeatures ? showFeatures : null} />
      {played && (
        <p className="footnote">
          The tokens' colours are of the axis over all answers, and so are the features that moved the score: choose that axis to see them.
        </p>
      )}
      {hasFeatures && (
        <div ref={features}>
          <TransitionPanel key={transition.turn} run={run} transition={transition} score={score} />
        </div>
      )}
      <Confounds run={run} score={score} />
    </div>
  );
}

interface ReadingProps {
  run: DriftRun;
  score: DriftScore;
  place: number; // of the chosen turn
  led: number;
  choose: (place: number) => void;
  showFeatures: (() => void) | null;
}

/** The score by turn beside the conversation: a turn that is pointed at in one is marked in the other. */
function Reading({ run, score, place, led, choose, showFeatures }: ReadingProps) {
  const [pointed, point] = useState<number | null>(null);
  const [inView, see] = useState<[number, number] | null>(null);
  const points = useMemo(() => pointsOf(run, score), [run, score]);
  return (
    <div className="drift-columns">
      <Section
        title="Score by turn"
        note={
          <ChartNote
            run={run}
            plain={points.some((point) => point.plain !== null)}
            uncapped={points.some((point) => point.uncapped !== null)}
          />
        }
        className="chart-section"
      >
        <div className="panel drift-chart-panel">
          <DriftChart points={points} label={SCORES[score]} chosen={place} choose={choose} {...{ pointed, point, inView }} />
        </div>
      </Section>
      <TurnList run={run} score={score} place={place} choose={choose} point={point} />
      <Conversation {...{ run, score, place, led, pointed, choose, point, see, showFeatures }} />
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
      <span aria-hidden="true">▼</span> below it, <span aria-hidden="true">▲</span> above it ·{" "}
      <span className="in-view-swatch" aria-hidden="true" /> in view of the text
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
