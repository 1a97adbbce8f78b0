import { count, fixed } from "../../components/format";
import type { Confound, DriftPlain, DriftRun, DriftScore, DriftTurn } from "../../generated/contract";

/** What each score is called. */
export const SCORES: Record<DriftScore, string> = {
  projection: "projection on the axis",
  cosine_axis: "cosine with the axis",
  cosine_anchor: "cosine with the anchor",
};

/** How a verdict on a confound looks: it goes by the lower end of the interval of its |r|. */
export const VERDICTS = { LOW: "chip", MODERATE: "chip warn", HIGH: "chip bad" } as const;

/** The interval of a correlation, in words; nothing where it has none. */
export function reachOf({ low, high }: Pick<Confound, "low" | "high">): string {
  return low === null || high === null ? "" : `${fixed(low)} to ${fixed(high)}`;
}

/** What the p of a run beside plain conversations is, in a line. */
export function plainHint(names: string): string {
  return `of the projection: how often a conversation without a role (called ${names}) has a turn as low for its place`;
}

/** What is said of a p that is a rank among `n` others, where it is the smallest that there can be. */
export function asLeast(p: number | null, n: number | null, others: string): string {
  return p === null || n === null || !isLeast(p, n) ? "" : `, the smallest that ${count(n)} ${others} can show`;
}

/** Whether a rank among `n` others and itself, as a share, is the lowest. */
export const isLeast = (p: number, n: number): boolean => p < 1.5 / (n + 1);

/** The smallest p that so many plain conversations can give. */
export function leastP(plain: DriftPlain): number {
  return 1 / (plain.n + 1);
}

/** The scores that every turn has: folders of other tools hold one only. */
export function scoresOf(run: DriftRun): DriftScore[] {
  const all = Object.keys(SCORES) as DriftScore[];
  return all.filter((score) => run.turns.every((turn) => turn.scores[score] !== null));
}

export function valueOf(turn: DriftTurn | undefined, score: DriftScore): number | null {
  return turn?.scores[score]?.value ?? null;
}

/** Whether the turn's score lies below or above what the anchor's own responses give. */
export function besideBand(turn: DriftTurn, score: DriftScore): "below" | "above" | null {
  const one = turn.scores[score];
  if (!one) return null;
  if (one.low !== null && one.value < one.low) return "below";
  return one.high !== null && one.value > one.high ? "above" : null;
}
