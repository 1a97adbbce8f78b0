import { useMemo, useState } from "react";
import { useTheme } from "../../app/theme";
import { FindRole, isFound } from "../../components/FindRole";
import { count, fmt } from "../../components/format";
import { Help } from "../../components/Help";
import { useOneStop } from "../../components/useOneStop";
import { useStudy } from "../../data/StudyContext";
import { type Family, type MapModel, METRICS, type Metric, placeIn, rangeOf, valueOf } from "./model";
import { SLOTS, sequential, slotsOf, slotVariable } from "./palette";
import { isOfRoles, type MapState, setHighlighted } from "./useMapState";

const BARS = 32;
const OR_BEYOND = `, or of a family beyond the first ${SLOTS}`; // roles that are alike to no degree are never taken together

export function Legend({ model, state }: { model: MapModel; state: MapState }) {
  return (
    <section className="map-legend" aria-label="Legend">
      {!isOfRoles(state.color) && <ColorScale model={model} metric={state.color} />}
      {model.roles.length > 0 && <Roles model={model} state={state} />}
    </section>
  );
}

/** The families, and the roles of the map, the highlighted first, then those with the most features: a click highlights one. */
function Roles({ model, state }: { model: MapModel; state: MapState }) {
  const [words, setWords] = useState("");
  const key = state.highlighted.join();
  const slots = useMemo(() => slotsOf(model, state.color, state.highlighted), [model, state.color, key]);
  const chosen = new Set(state.highlighted);
  const others = model.byCount.filter((role) => !chosen.has(role) && isFound(model.roles[role] ?? "", words));
  const full = state.color === "role" && chosen.size >= SLOTS;
  const toggle = (role: number) =>
    setHighlighted(model, chosen.has(role) ? state.highlighted.filter((one) => one !== role) : [...state.highlighted, role]);
  return (
    <div className="legend-roles">
      <div className="legend-head">
        <h2>
          {state.color === "family" ? "Families" : "Preferred role"} {state.color === "family" && <AboutFamilies model={model} />}
        </h2>
        {chosen.size > 0 && (
          <button className="plain" onClick={() => setHighlighted(model, [])}>
            Clear
          </button>
        )}
      </div>
      {state.color === "family" && <Families model={model} state={state} />}
      <FindRole word={words} setWord={setWords} placeholder={`Find one of ${model.roles.length}`} />
      <p className="legend-note">{noteOf(model, state, full)}</p>
      <ul {...useOneStop<HTMLUListElement>()}>
        {/* what is highlighted stays in view among 276 */}
        {[...state.highlighted, ...others].map((role) => (
          <li key={role}>
            <button aria-pressed={chosen.has(role)} disabled={full && !chosen.has(role)} onClick={() => toggle(role)}>
              <Swatch slot={slots.get(role)} />
              <span className="ellipsis">{model.roles[role]}</span>
              <span className="num muted">{count(model.countOf[role])}</span>
            </button>
          </li>
        ))}
      </ul>
      {others.length === 0 && words !== "" && <p className="legend-note">No role has “{words}” in its name.</p>}
    </div>
  );
}

function noteOf(model: MapModel, { color, highlighted }: MapState, full: boolean): string {
  if (highlighted.length > 0) return `${highlighted.length} highlighted${full ? ", as many as there are colours" : ""}.`;
  if (color === "family") return `Grey: alike to none beyond chance${model.families.length > SLOTS ? OR_BEYOND : ""}. Click to highlight.`;
  if (color !== "role") return "Click to highlight.";
  return `Coloured: the ${Math.min(SLOTS, model.roles.length)} with the most features. Click to highlight others.`;
}

function AboutFamilies({ model }: { model: MapModel }) {
  const { anchor } = useStudy();
  const first = model.families[0]?.roles.map((role) => model.roles[role]);
  return (
    <Help about="families">
      Roles that are alike: the clustering of the roles’ vectors, cut where the mean cosine falls to{" "}
      {fmt(model.data.summary.similarity_null)}, above which by chance alone 5% of roles have their nearest. More than {SLOTS} families are
      taken together as far as they are alike. A feature has the colour of the role that it prefers.
      {first?.includes(anchor) && ` The first, in the assistant’s blue, is the family of ${anchor}.`}
    </Help>
  );
}

/** A click highlights all roles of a family. */
function Families({ model, state: { highlighted } }: { model: MapModel; state: MapState }) {
  const chosen = new Set(highlighted);
  const isOn = ({ roles }: Family) => roles.every((role) => chosen.has(role));
  const toggle = (family: Family) => {
    const others = highlighted.filter((role) => !family.roles.includes(role));
    setHighlighted(model, isOn(family) ? others : [...others, ...family.roles]);
  };
  return (
    <ul className="legend-families" aria-label="Families" {...useOneStop<HTMLUListElement>()}>
      {model.families.map((family, slot) => (
        <li key={family.name}>
          <button
            aria-pressed={isOn(family)}
            onClick={() => toggle(family)}
            title={family.roles.map((role) => model.roles[role]).join(", ")}
          >
            <Swatch slot={slot < SLOTS ? slot : undefined} />
            <span className="ellipsis">{family.name}</span>
            <span className="num muted">{count(family.count)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Swatch({ slot }: { slot: number | undefined }) {
  return <span className="swatch" style={{ background: `var(${slot === undefined ? "--dot" : slotVariable(slot)})` }} aria-hidden="true" />;
}

/** How many features have which value, in the colours of the map. */
function ColorScale({ model, metric }: { model: MapModel; metric: Metric }) {
  const [theme] = useTheme();
  const { range, bars } = useMemo(() => histogram(model, metric), [model, metric]);
  if (range === null) return null;
  const most = Math.max(...bars, 1);
  return (
    <div className="legend-scale">
      <h2>{METRICS[metric]}</h2>
      <svg viewBox={`0 0 ${BARS} 24`} preserveAspectRatio="none" role="img" aria-label={`From ${fmt(range.min)} to ${fmt(range.max)}`}>
        {bars.map((bar, at) => {
          const height = (bar / most) * 18;
          const fill = `rgb(${sequential(theme, at / (BARS - 1)).join(" ")})`;
          return (
            <g key={at} fill={fill}>
              <rect x={at} y={18 - height} width={0.85} height={height} />
              <rect x={at} y={20} width={1.02} height={4} />
            </g>
          );
        })}
      </svg>
      <div className="scale-ends">
        <span>{range.min < range.low ? `≤ ${fmt(range.low)}` : fmt(range.low)}</span>
        <span>{range.max > range.high ? `≥ ${fmt(range.high)}` : fmt(range.high)}</span>
      </div>
      {range.unknown > 0 && <p className="legend-note">Grey: {count(range.unknown)} without a value.</p>}
    </div>
  );
}

function histogram(model: MapModel, metric: Metric) {
  const range = rangeOf(model, metric);
  const bars = new Array<number>(BARS).fill(0);
  for (let row = 0; row < model.n; row++) {
    const place = placeIn(range, valueOf(model, metric, row));
    if (place === null) continue;
    const bar = Math.min(BARS - 1, Math.floor(place * BARS));
    bars[bar] = (bars[bar] ?? 0) + 1;
  }
  return { range, bars };
}
