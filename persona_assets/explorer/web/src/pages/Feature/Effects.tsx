import { extent, linear } from "../../charts/scale";
import { signedFmt } from "../../components/format";
import { RoleLink } from "../../components/links";
import { Section } from "../../components/parts";
import type { FeatureEffect, FeaturePage } from "../../generated/contract";
import { type Dose, doses, named, summary, surest, told, verdict } from "./effects";

const HEIGHT = 56;
const STEP = 44; // pixels from one strength to the next

/** What editing the feature does beside random ones: dose by dose, and in words. */
export function Effects({ feature: { effects } }: { feature: FeaturePage }) {
  if (effects.length === 0) return null;
  const found = doses(effects);
  return (
    <Section
      title="What it does"
      note="the feature edited in the stream; a dot is filled where the effect is surely more than its controls'; the shaded band holds 95% of theirs"
    >
      <p>{summary(found)}</p>
      <ul className="doses">
        {found.map((one) => (
          <DoseItem key={`${one.intervention}/${one.role}/${one.metric}`} dose={one} />
        ))}
      </ul>
    </Section>
  );
}

function DoseItem({ dose }: { dose: Dose }) {
  return (
    <li className="panel dose">
      <div>
        <b>{named(dose.metric)}</b>
        <div className="muted">
          {dose.operation}, answers of <RoleLink role={dose.role} /> <bdi className="faint">({dose.intervention})</bdi>
        </div>
        <div>
          <span className="num">{signedFmt(surest(dose).effect)}</span> {verdict(dose)}
        </div>
      </div>
      <DoseChart of={dose.of} label={dose.of.map(told).join("; ")} />
    </li>
  );
}

/** Effects by strength, each with its interval, in front of a band that holds 95% of its controls' effects. */
function DoseChart({ of, label }: { of: FeatureEffect[]; label: string }) {
  const values = of.flatMap((one) => [0, one.effect, one.low, one.high, one.control_low, one.control_high]);
  const y = linear(extent(values), [HEIGHT - 4, 4]);
  const width = STEP * of.length;
  return (
    <svg className="interval" width={width} height={HEIGHT + 14} role="img" aria-label={label}>
      <title>{label}</title>
      <line className="zero" x1={0} x2={width} y1={y(0)} y2={y(0)} />
      {of.map((one, place) => (
        <g key={one.strength} transform={`translate(${(place + 0.5) * STEP},0)`}>
          <rect
            className="dose-controls"
            x={-12}
            width={24}
            y={y(one.control_high)}
            height={Math.max(1, y(one.control_low) - y(one.control_high))}
          />
          {one.low !== null && one.high !== null && <line className="whisker" y1={y(one.low)} y2={y(one.high)} />}
          <circle className={one.moves ? "dot" : "dot hollow"} cy={y(one.effect)} r={3.5} />
          <text className="dose-strength" y={HEIGHT + 11} textAnchor="middle">
            {one.operation === "ablate" ? "out" : one.strength}
          </text>
        </g>
      ))}
    </svg>
  );
}
