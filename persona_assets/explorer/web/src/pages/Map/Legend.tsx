import { useMemo, useState } from "react";
import { useTheme } from "../../app/theme";
import { FindRole, isFound } from "../../components/FindRole";
import { count, fmt } from "../../components/format";
import { type MapModel, METRICS, type Metric, placeIn, rangeOf, valueOf } from "./model";
import { SLOTS, sequential, slotsOf, slotVariable } from "./palette";
import { type MapState, setHighlighted } from "./useMapState";

const BARS = 32;

export function Legend({ model, state }: { model: MapModel; state: MapState }) {
  return (
    <section className="map-legend" aria-label="Legend">
      {state.color !== "role" && <ColorScale model={model} metric={state.color} />}
      {model.roles.length > 0 && <Roles model={model} state={state} />}
    </section>
  );
}

/** The roles of the map, the highlighted first, then those with the most features: a click highlights one. */
function Roles({ model, state }: { model: MapModel; state: MapState }) {
  const [words, setWords] = useState("");
  const slots = useMemo(() => slotsOf(model, state.highlighted), [model, state.highlighted.join()]);
  const chosen = new Set(state.highlighted);
  const others = model.byCount.filter((role) => !chosen.has(role) && isFound(model.roles[role] ?? "", words));
  const shown = [...state.highlighted, ...others]; // what is highlighted stays in view among 276
  const full = chosen.size >= SLOTS;
  const toggle = (role: number) =>
    setHighlighted(model, chosen.has(role) ? state.highlighted.filter((one) => one !== role) : [...state.highlighted, role]);
  return (
    <div className="legend-roles">
      <div className="legend-head">
        <h2>Preferred role</h2>
        {chosen.size > 0 && (
          <button className="plain" onClick={() => setHighlighted(model, [])}>
            Clear
          </button>
        )}
      </div>
      <FindRole word={words} setWord={setWords} placeholder={`Find one of ${model.roles.length}`} />
      <p className="legend-note">
        {chosen.size === 0
          ? state.color === "role"
            ? `Coloured: the ${Math.min(SLOTS, model.roles.length)} with the most features. Click to highlight others.`
            : "Click to highlight."
          : `${chosen.size} highlighted${full ? `, as many as there are colours` : ""}.`}
      </p>
      <ul>
        {shown.map((role) => (
          <li key={role}>
            <button aria-pressed={chosen.has(role)} disabled={full && !chosen.has(role)} onClick={() => toggle(role)}>
              <Swatch slot={state.color === "role" ? slots.get(role) : undefined} />
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
