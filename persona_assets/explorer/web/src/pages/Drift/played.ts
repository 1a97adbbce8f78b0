import type { DriftRun, DriftTransition, DriftTurn } from "../../generated/contract";

/** The run on the axis over played answers: its projection alone, for tokens and features are measured on the axis over all. */
export function onPlayedAxis(run: DriftRun): DriftRun {
  const values = new Map(run.turns.map((turn) => [turn.turn, turn.played?.value ?? null]));
  return {
    ...run,
    score: "projection",
    p: run.played?.p ?? null,
    least_of: null, // as of the other axis it is known
    plain: null,
    verdict: null,
    max_correlation: null,
    confounds: [],
    turns: run.turns.map(playedTurn),
    transitions: run.transitions.map((one) => playedChange(one, values)),
  };
}

function playedTurn(turn: DriftTurn): DriftTurn {
  return { ...turn, plain: null, uncapped: null, scores: { projection: turn.played, cosine_axis: null, cosine_anchor: null } };
}

function playedChange(one: DriftTransition, values: Map<number, number | null>): DriftTransition {
  const [from, to] = [values.get(one.previous) ?? null, values.get(one.turn) ?? null];
  const projection = from === null || to === null ? null : to - from;
  return { ...one, changes: { projection, cosine_axis: null, cosine_anchor: null } };
}
