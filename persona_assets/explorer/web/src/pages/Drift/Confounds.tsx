import { count, fixed } from "../../components/format";
import { Section } from "../../components/parts";
import type { Confound, DriftRun, DriftScore } from "../../generated/contract";
import { VERDICT_WORDS } from "../../generated/verdicts";
import { reachOf, SCORES, VERDICTS } from "./words";

const NAMES = {
  norm: "the turn's vector norm",
  n_active_features: "the number of its active features",
  n_tokens: "the number of its tokens",
  raw_norm: "its norm before the transform",
  n_nonzero: "the number of its vector's entries that are not 0",
};
const HALF = 70; // pixels of |r| = 1

/** What else the score goes with: where a correlation is high, the drift may be one of length or loudness. */
export function Confounds({ run, score }: { run: DriftRun; score: DriftScore }) {
  const found = run.confounds.filter((one) => one.score === score);
  const high = found.some((one) => one.verdict === "HIGH");
  return (
    <Section title="Is it real?" note={`correlation over ${count(run.n_turns)} turns of the ${SCORES[score]} with …`}>
      {found.length === 0 ? (
        <p className="muted">{unlisted(run, score)}</p>
      ) : (
        <ul className="panel confounds">
          {found.map((one) => (
            <li key={one.confound}>
              <span>{NAMES[one.confound]}</span>
              <Correlation of={one} />
              <span className="num">{one.r === null ? "–" : `r = ${fixed(one.r)}`}</span>
              <span className="muted">{reachOf(one)}</span>
              {one.verdict ? (
                <span className={VERDICTS[one.verdict]}>{VERDICT_WORDS[one.verdict]}</span>
              ) : (
                <span className="muted">too few turns, or nothing varies</span>
              )}
            </li>
          ))}
        </ul>
      )}
      {high && (
        <p className="caution" role="note">
          The score goes with something plainer than a persona: a change of length or norm alone could look like this drift.
        </p>
      )}
      {found.length > 0 && (
        <p className="footnote">
          Marked on the bars: |r| 0.40 and 0.70. The line is the interval; in 95% of runs of independent turns all of a score's hold at
          once. High and moderate: the whole interval lies beyond a mark. Unproven: it does not, which with few turns is no all-clear.
        </p>
      )}
    </Section>
  );
}

/** What is known where no correlation is listed: another tool may tell the worst alone. */
function unlisted({ verdict, max_correlation, score: first }: DriftRun, score: DriftScore): string {
  if (score !== first || verdict === null) return "Not computed for this score.";
  const size = max_correlation === null ? "" : `, the largest |r| ${fixed(max_correlation)}`;
  return `Whoever measured it says ${verdict.toLowerCase()}${size}; the correlations are not listed.`;
}

/** A correlation's bar over its interval. */
function Correlation({ of: { r, low, high } }: { of: Confound }) {
  const width = Math.abs(r ?? 0) * HALF;
  const marks = [-0.7, -0.4, 0.4, 0.7];
  return (
    <svg className="correlation" width={2 * HALF + 1} height={16} aria-hidden="true">
      <line className="ground" x1={0} x2={2 * HALF} y1={8} y2={8} />
      <rect x={(r ?? 0) < 0 ? HALF - width : HALF} y={4} width={width} height={8} />
      {low !== null && high !== null && <line className="reach" x1={HALF * (1 + low)} x2={HALF * (1 + high)} y1={8} y2={8} />}
      {marks.map((mark) => (
        <line key={mark} x1={HALF + mark * HALF} x2={HALF + mark * HALF} y1={3} y2={13} />
      ))}
      <line className="zero" x1={HALF} x2={HALF} y1={0} y2={16} />
    </svg>
  );
}
