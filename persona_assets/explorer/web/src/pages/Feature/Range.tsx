import { TokenHistogram } from "../../charts/TokenHistogram";
import { HeatLegend, lit, Tokens } from "../../charts/Tokens";
import { count, fmt } from "../../components/format";
import { LongText } from "../../components/LongText";
import { RoleLink } from "../../components/links";
import { Fold, Section } from "../../components/parts";
import type { FeaturePeaks, RangeExample } from "../../generated/contract";
import { href } from "../../router/router";

const READ_AGAIN = "they are added by persona run STUDY --select activations, and publishing";
const BANDS: Record<number, string> = { 5: "Strongest fifth", 4: "Fourth", 3: "Middle fifth", 2: "Second", 1: "Weakest fifth" };

/** On how many tokens it has which activation, in bins of half an octave. */
export function TokenActivations({ peaks: { tokens, density } }: { peaks: FeaturePeaks }) {
  const nRoles = tokens[0]?.n_roles ?? 0;
  const nFiring = density.filter((one) => one.token_rate !== 0).length;
  return (
    <Section title="Activations on tokens">
      {tokens.length === 0 ? (
        <p className="muted">No histogram: its roles were extracted before tokens were counted; {READ_AGAIN}.</p>
      ) : (
        <>
          <TokenHistogram bins={tokens} />
          <p className="footnote">
            {count(tokens.reduce((sum, bin) => sum + bin.n_tokens, 0))} tokens of {nRoles} {nRoles === 1 ? "role" : "roles"}
            {nRoles < nFiring && `; of ${nFiring - nRoles} others that fire it none were counted: ${READ_AGAIN}`}.
          </p>
        </>
      )}
    </Section>
  );
}

/** One response of each band of its activation, on a line. */
export function FromStrongToWeak({ peaks: { over_range: shown } }: { peaks: FeaturePeaks }) {
  const max = Math.max(...shown.map((one) => one.max));
  const first = bandsOf(shown).map((band) => shown.find((one) => one.band === band)!);
  if (first.length === 0) return null;
  return (
    <Section title="Over its range" note="one response of each fifth of those that fire it, by their maximum; more below">
      <ul className="at-a-glance" aria-label="One response of each band">
        {first.map((one) => (
          <li key={one.band}>
            <span className="muted">{BANDS[one.band]}</span>
            <LitTokens example={one} max={max} />
            <span className="example-numbers">
              <RoleLink role={one.role} /> · max <b>{fmt(one.max)}</b>
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function bandsOf(shown: RangeExample[]): number[] {
  return [...new Set(shown.map((one) => one.band))].sort((a, b) => b - a);
}

function LitTokens({ example: { pieces, activations, start }, max }: { example: RangeExample; max: number }) {
  return (
    <Tokens
      tokens={pieces.map((piece, i) => lit(piece, activations[i] ?? 0, max))}
      palette="heat"
      cut={start > 0}
      label={`Tokens ${start} to ${start + pieces.length - 1} of the response`}
    />
  );
}

/** Responses of each band of its activation, with the tokens around the peak. */
export function OverRange({ peaks: { over_range: shown } }: { peaks: FeaturePeaks }) {
  const max = Math.max(...shown.map((one) => one.max));
  const bands = bandsOf(shown);
  return (
    <Fold title="More of its range" note="all responses that fire it in five bands of equal number, by their maximum; up to three of each">
      {shown.length === 0 ? (
        <p className="muted">No tokens are kept of its responses, as after an import.</p>
      ) : (
        <HeatLegend max={max} unit="activation" />
      )}
      {bands.map((band) => (
        <Band key={band} examples={shown.filter((one) => one.band === band)} max={max} />
      ))}
      {shown.length > 0 && bands.length < 5 && (
        <p className="muted">
          Of the other bands no tokens are kept: few roles fire it, or they were extracted before any were drawn by lot; {READ_AGAIN}.
        </p>
      )}
    </Fold>
  );
}

function Band({ examples, max }: { examples: RangeExample[]; max: number }) {
  const { band, n_in_band } = examples[0]!;
  return (
    <section className="band" aria-label={BANDS[band]}>
      <h3>
        {BANDS[band]} <span className="muted">of {count(n_in_band)} responses</span>
      </h3>
      {examples.map((one) => (
        <div key={`${one.role}/${one.response_id}`} className="panel">
          <div className="example-question">
            <LongText text={one.question} limit={200} />
            <span className="example-numbers">
              <RoleLink role={one.role} /> · max <b>{fmt(one.max)}</b> ·{" "}
              <a href={href("role", one.role, { response: one.response_id })}>response {one.response_id}</a>
              {!one.drawn && " · among the role’s strongest"}
            </span>
          </div>
          <LitTokens example={one} max={max} />
        </div>
      ))}
    </section>
  );
}
