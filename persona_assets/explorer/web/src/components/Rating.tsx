import type { Adherence } from "../generated/contract";
import { Bracketed } from "./contrastColumns";
import { count } from "./format";

/** How well a role is played in the eyes of a judge: the mean, and the lowest and highest of its wordings. */
export function Rating({ of }: { of: Adherence | undefined }) {
  if (of === undefined) return <span className="muted">–</span>;
  const unrated = of.n_unrated === 0 ? "" : `, ${count(of.n_unrated)} of them without a score`;
  return (
    <span
      title={`on a scale to ${of.highest}; ${count(of.n_responses)} answers judged${unrated}; in brackets the wordings' lowest and highest`}
    >
      <Bracketed value={of.rating} low={of.lowest_variant} high={of.highest_variant} />
    </span>
  );
}

/** The first judge's word on each role; others stand on the roles' pages. */
export function byRole(adherence: Adherence[]): Map<string, Adherence> {
  const first = adherence[0]?.judge;
  return new Map(adherence.filter((one) => one.judge === first).map((one) => [one.role, one]));
}
