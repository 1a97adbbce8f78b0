import { fixed, fmt, percent } from "../../components/format";
import { LongText } from "../../components/LongText";
import { RoleLink } from "../../components/links";
import { OneToken } from "../../components/OneToken";
import { Facts, Fold, Meter } from "../../components/parts";
import type { FeaturePeaks } from "../../generated/contract";

const AT_ONE_TOKEN = 0.8; // share of the peaks from which a feature may be no more than a word
const POSITION =
  "correlation of the activation with a token’s place in the response, with a 95% interval over roles: above 0 it is stronger toward the end";
const ECHOES = 4; // named before the fold

/** On how many tokens it is active, and on which; a note where it is one token's, or echoes what a role was told. */
export function ShapeOfPeaks({ peaks: { shape, echoes } }: { peaks: FeaturePeaks }) {
  const one = shape.single_token_share !== null && shape.single_token_share >= AT_ONE_TOKEN;
  return (
    <>
      <Facts
        facts={[
          ["active on tokens", percent(shape.token_rate), "of all tokens of all roles"],
          [
            "commonest peak",
            <>
              {shape.single_token !== null && <OneToken piece={shape.single_token} />} {percent(shape.single_token_share)}
            </>,
            `of ${shape.n_peaks ?? 0} peaks that the evidence keeps`,
          ],
          ["mean place in the answer", fixed(shape.peak_place), "mean place of the peak in the answer; 0: its first token, 1: its last"],
          ["correlation with place", <Position shape={shape} />, POSITION],
        ]}
      />
      {one && <p className="caution">Nearly all of its peaks lie on one token: it may be no more than that word.</p>}
      {echoes.length > 0 && (
        <p className="caution echoes" role="note">
          Echo: in {echoes.length} {echoes.length === 1 ? "role" : "roles"} it peaks on words of the role’s own name or instructions (
          {echoes.slice(0, ECHOES).map((echo, i) => (
            <span key={echo.role} title={`${echo.n_echoes} of ${echo.n_peaks} peaks, p = ${fmt(echo.p)}`}>
              {i > 0 && ", "}
              <bdi>{echo.role}</bdi>: <bdi>{echo.words.join(" ")}</bdi>
            </span>
          ))}
          {echoes.length > ECHOES && " …"}).
        </p>
      )}
    </>
  );
}

function Position({ shape: { position_correlation: r, position_low: low, position_high: high } }: Pick<FeaturePeaks, "shape">) {
  if (r === null)
    return (
      <span className="muted" title="not kept, or one activation on every token">
        –
      </span>
    );
  if (low === null || high === null) return fixed(r);
  return (
    <>
      {fixed(r)}{" "}
      <span className="muted">
        [{fixed(low)}, {fixed(high)}]
      </span>
    </>
  );
}

/** What other roles answer to the questions to which it fires most, while it is silent. */
export function Silent({ peaks: { silent, fires_in: role } }: { peaks: FeaturePeaks }) {
  return (
    <Fold title="Where it is silent" note="another role’s answer to the same question: what it is about is in the one and not in the other">
      {silent.length === 0 && <p className="muted">Every role’s answers to these questions fire it.</p>}
      {silent.map((one) => (
        <div key={one.question} className="panel pair">
          <b className="pair-question">
            <LongText text={one.question} limit={300} />
          </b>
          <div>
            {role !== null && <RoleLink role={role} />} <span className="muted">fires, max {fmt(one.max)}</span>
            <LongText text={one.fired} limit={600} />
          </div>
          <div>
            <RoleLink role={one.role} />{" "}
            <span className="muted">
              silent in {one.n_silent} of {one.n_answers} answers
            </span>
            <LongText text={one.response} limit={600} />
          </div>
        </div>
      ))}
    </Fold>
  );
}

/** The share of each role's tokens on which it is active. */
export function Density({ peaks: { density } }: { peaks: FeaturePeaks }) {
  const highest = Math.max(...density.map((one) => one.token_rate ?? 0));
  return (
    <Fold title="Density" note="share of each role’s tokens on which it is active">
      <ol className="density" aria-label="Density by role">
        {density.map((one) => (
          <li key={one.role}>
            <RoleLink role={one.role} />
            <span className="num">
              {percent(one.token_rate)} <Meter share={highest > 0 ? (one.token_rate ?? 0) / highest : 0} />
            </span>
          </li>
        ))}
      </ol>
    </Fold>
  );
}
