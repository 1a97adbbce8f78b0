import { useState } from "react";
import { DoseChart } from "../../charts/DoseChart";
import { DriftLegend, driftTokens, HeatLegend, level, type Token, Tokens } from "../../charts/Tokens";
import { count, fixed, fmt } from "../../components/format";
import { FeatureLink } from "../../components/links";
import type { Steered, SteeredAnswer, SteeredEdit, SteeredFeature, SteeredPlace } from "../../generated/contract";
import { OPERATIONS } from "./edits";

/** Both answers with their tokens lit by one thing on one scale, and where they lie on the drift axis. */
export function Result({ result }: { result: Steered }) {
  const [by, light] = useState(result.features[0] === undefined ? "axis" : String(result.features[0].feature_id));
  const feature = result.features.find((one) => String(one.feature_id) === by) ?? null;
  const axis = result.plain.place !== null || result.steered.place !== null;
  return (
    <>
      <p className="footnote" role="status">
        {result.edits.map(told).join(", then ")}: {fixed(result.seconds, 1)} s with {result.sae}, one seed.
        {result.unchanged && " The edit changes no token here: both answers have the very same ones."}
      </p>
      {(axis || result.features.length > 0) && <LightChoice result={result} axis={axis} by={by} light={light} />}
      <div className="steer-sides">
        <Side title="as it is" name="plain" result={result} feature={feature} />
        <Side title="steered" name="steered" result={result} feature={feature} />
      </div>
      {feature !== null ? (
        <HeatLegend max={reach(feature)} unit="activation, read without the edit" />
      ) : (
        axis && <DriftLegend note={SCALE} />
      )}
      <Place result={result} />
      <p className="footnote">
        One pair is one draw: whether an edit does more than a random one is told by the interventions that are recorded, question by
        question and beside controls.
      </p>
    </>
  );
}

const SCALE = "from the 5th to the 95th percentile of both answers; a token's own projection on hover and focus";

function told({ target, operation, strength, level: of }: SteeredEdit): string {
  if (strength === null) return target; // a cap, which says by itself what it holds
  return operation === "ablate"
    ? `${target} taken out`
    : `${target}: ${OPERATIONS[operation]}, strength ${fmt(strength)} (${fmt(of)} a token)`;
}

function LightChoice(props: { result: Steered; axis: boolean; by: string; light: (by: string) => void }) {
  const { result, axis, by, light } = props;
  const chosen = result.features.find((one) => String(one.feature_id) === by);
  return (
    <p className="steer-target">
      <label className="role-choice">
        <span>tokens lit by</span>
        <select value={by} onChange={(event) => light(event.target.value)}>
          {result.features.map((one) => (
            <option key={one.feature_id} value={one.feature_id}>
              feature {one.feature_id}
            </option>
          ))}
          {axis && <option value="axis">the drift axis, towards {result.anchor}</option>}
        </select>
      </label>
      {chosen && <FeatureLink id={chosen.feature_id} label={chosen.label} />}
    </p>
  );
}

interface SideProps {
  title: string;
  name: "plain" | "steered";
  result: Steered;
  feature: SteeredFeature | null;
}

function Side({ title, name, result, feature }: SideProps) {
  const answer = result[name];
  return (
    <div className="panel steer-answer">
      <h3>{title}</h3>
      {answer.pieces.length === 0 ? (
        <p className="muted">The answer is empty.</p>
      ) : (
        <Tokens tokens={lit(answer, name, feature)} palette={feature === null ? "drift" : "heat"} label={`Tokens of the answer ${title}`} />
      )}
      <p className="footnote">
        {count(answer.pieces.length)} tokens{answer.finish_reason === "length" && ", ended by the limit"}
      </p>
    </div>
  );
}

const reach = ({ plain, steered }: SteeredFeature) => Math.max(0, ...plain, ...steered);

function lit({ pieces, place }: SteeredAnswer, name: "plain" | "steered", feature: SteeredFeature | null): Token[] {
  if (feature !== null) {
    return pieces.map((piece, at) => ({ piece, value: feature[name][at] ?? 0, level: level(feature[name][at] ?? 0, reach(feature)) }));
  }
  if (place === null) return pieces.map((piece) => ({ piece, value: 0, level: 0 }));
  return driftTokens({ piece: pieces, projection: place.tokens, scaled: place.scaled });
}

function Place({ result }: { result: Steered }) {
  const known = [
    { name: "as it is", place: result.plain.place },
    { name: "steered", place: result.steered.place },
  ].filter((one): one is { name: string; place: SteeredPlace } => one.place !== null);
  if (known.length === 0) {
    return result.why_no_place === null ? null : <p className="footnote untrusted">No place on the drift axis: {result.why_no_place}</p>;
  }
  const marks = known.map(({ name, place }) => ({
    name,
    effect: place.projection,
    low: null,
    high: null,
    control_low: place.low,
    control_high: place.high,
    moves: outside(place),
  }));
  const label = known.map(({ name, place }) => `${name}: ${placeSaid(place, result.anchor)}`).join("; ");
  return (
    <div className="panel dose steer-place">
      <div>
        <b>place on the drift axis, towards {result.anchor}</b>
        {known.map(({ name, place }) => (
          <div key={name}>
            {name}: <span className="num">{placeSaid(place, result.anchor)}</span>
          </div>
        ))}
        <div className="muted">
          {known.some(({ place }) => place.low !== null)
            ? `the band holds 95% of spans of as many tokens of ${result.anchor}'s own answers, and p of these lie as low; a dot is filled outside the band`
            : `no band: nobody has read ${result.anchor}'s answers token by token yet, as persona drift does`}
        </div>
      </div>
      <DoseChart marks={marks} label={label} step={70} />
    </div>
  );
}

const outside = ({ projection, low, high }: SteeredPlace) => (low !== null && projection < low) || (high !== null && projection > high);

function placeSaid({ projection, low, high, p }: SteeredPlace, anchor: string): string {
  const band = low === null || high === null ? "" : `, ${anchor} ${fmt(low)} to ${fmt(high)}`;
  return `${fmt(projection)}${band}${p === null ? "" : `, p ${fmt(p, 2)}`}`;
}
