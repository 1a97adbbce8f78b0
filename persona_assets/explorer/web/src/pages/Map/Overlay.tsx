/** Lines and words over the dots, in SVG: few, crisp, and redrawn without the graphics card. */
import { scaleLinear } from "d3-scale";
import { useMemo, useSyncExternalStore } from "react";
import { percent } from "../../components/format";
import type { MapData } from "../../generated/contract";
import { type MapDeck, project } from "./deck";
import type { MapModel } from "./model";
import { slotsOf, slotVariable } from "./palette";
import type { Place } from "./spatial";
import type { Spot } from "./useLasso";
import { isOfRoles, type MapState } from "./useMapState";

interface OverlayProps {
  model: MapModel;
  state: MapState;
  places: Float32Array;
  neighbors: number[]; // rows
  deck: MapDeck;
  hover: number | null;
  drawn: Place[] | null; // the lasso being drawn
}

export function Overlay(props: OverlayProps) {
  const { deck, model, state, places, neighbors, hover, drawn } = props;
  const view = useSyncExternalStore(deck.subscribe, deck.getView);
  const size = deck.size;
  const at = (place: Place) => project(place, view, size);
  const dot = (row: number) => at({ x: places[2 * row] as number, y: places[2 * row + 1] as number });
  const line = drawn ?? state.lasso;
  const isPlaced = (row: number) => Number.isFinite(places[2 * row]) && Number.isFinite(places[2 * row + 1]);
  const selected = state.selected === null || !isPlaced(state.selected) ? null : dot(state.selected);
  return (
    <svg className="overlay" width={size.width} height={size.height} aria-hidden="true">
      {state.layout === "pca" && <Axes deck={deck} summary={model.data.summary} />}
      {isOfRoles(state.color) && <Names {...props} at={at} />}
      {line && (
        <path
          className="lasso-line"
          d={`M${line
            .map(at)
            .map(({ left, top }) => `${left},${top}`)
            .join("L")}${drawn ? "" : "Z"}`}
        />
      )}
      {selected &&
        neighbors.filter(isPlaced).map((row) => {
          const { left, top } = dot(row);
          return (
            <g key={row} className="neighbor">
              <path d={between(selected, { left, top })} />
              <circle cx={left} cy={top} r={NEIGHBOR} />
            </g>
          );
        })}
      {selected && <circle className="selected" cx={selected.left} cy={selected.top} r={SELECTED} />}
      {hover !== null && <circle className="hovered" cx={dot(hover).left} cy={dot(hover).top} r={7} />}
    </svg>
  );
}

const SELECTED = 8; // radii of rings, pixels
const NEIGHBOR = 5.5;

/** A line from ring to ring: the dots inside stay free. */
function between(from: Spot, to: Spot): string {
  const length = Math.hypot(to.left - from.left, to.top - from.top);
  if (length <= SELECTED + NEIGHBOR) return "";
  const at = (share: number) => `${from.left + (to.left - from.left) * share},${from.top + (to.top - from.top) * share}`;
  return `M${at(SELECTED / length)}L${at(1 - NEIGHBOR / length)}`;
}

/** The names of the coloured families or roles, each at the middle of its dots; where roles are highlighted, theirs. */
function Names({ model, places, state, at }: OverlayProps & { at: (place: Place) => Spot }) {
  const key = state.highlighted.join();
  const names = useMemo(() => namesOf(model, places, state), [model, places, state.color, key]);
  const taken: Box[] = [];
  return names.map(({ name, slot, place }) => {
    const spot = freeSpot(taken, at(place), name.length * LETTER);
    if (!spot) return null;
    return (
      <text key={name} className="role-name" x={spot.left} y={spot.top} fill={`var(${slotVariable(slot)})`}>
        {name}
      </text>
    );
  });
}

function namesOf(model: MapModel, places: Float32Array, { color, highlighted }: MapState): { name: string; slot: number; place: Place }[] {
  const slots = slotsOf(model, color, highlighted);
  const ofFamilies = color === "family" && highlighted.length === 0;
  const named = ofFamilies
    ? model.families.map(({ name, roles }) => ({ name, roles }))
    : (color === "family" ? highlighted : [...slots.keys()]).map((role) => ({ name: model.roles[role] ?? "", roles: [role] }));
  return named.flatMap(({ name, roles }) => {
    const slot = slots.get(roles[0] ?? -1);
    const place = middle(model, places, new Set(roles));
    return slot === undefined || place === null ? [] : [{ name, slot, place }];
  });
}

interface Box extends Spot {
  width: number;
}

const LETTER = 7.5; // pixels, about
const LINE = 15;

/** Where a name can stand without covering another: here, or a line or two above or below; else nowhere. */
function freeSpot(taken: Box[], { left, top }: Spot, width: number): Box | null {
  for (const shift of [0, -1, 1, -2, 2]) {
    const box = { left, top: top + shift * LINE, width };
    const clear = taken.every((one) => Math.abs(one.left - box.left) > (one.width + width) / 2 || Math.abs(one.top - box.top) >= LINE);
    if (!clear) continue;
    taken.push(box);
    return box;
  }
  return null;
}

/** The median place: a few features far from the rest do not pull the name away. */
function middle(model: MapModel, places: Float32Array, roles: Set<number>): Place | null {
  const xs: number[] = [];
  const ys: number[] = [];
  for (let row = 0; row < model.n; row++) {
    if (!roles.has(model.roleOf[row] as number) || Number.isNaN(places[2 * row] as number)) continue;
    xs.push(places[2 * row] as number);
    ys.push(places[2 * row + 1] as number);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
  const [x, y] = [median(xs), median(ys)];
  return x === undefined || y === undefined ? null : { x, y };
}

function Axes({ deck, summary }: { deck: MapDeck; summary: MapData["summary"] }) {
  const { width, height } = deck.size;
  const low = deck.unproject(0, height);
  const high = deck.unproject(width, 0);
  const x = scaleLinear([low.x, high.x], [0, width]);
  const y = scaleLinear([low.y, high.y], [height, 0]);
  return (
    <g className="axes">
      {x.ticks(8).map((tick) => (
        <g key={`x${tick}`} transform={`translate(${x(tick)},0)`}>
          <line y2={height} className={tick === 0 ? "zero" : ""} />
          <text y={height - 6} x={4}>
            {x.tickFormat(8)(tick)}
          </text>
        </g>
      ))}
      {y.ticks(6).map((tick) => (
        <g key={`y${tick}`} transform={`translate(0,${y(tick)})`}>
          <line x2={width} className={tick === 0 ? "zero" : ""} />
          {y(tick) > 32 && (
            <text x={6} y={-4}>
              {y.tickFormat(6)(tick)}
            </text>
          )}
        </g>
      ))}
      <text className="axis-name" x={width - 8} y={height - 22} textAnchor="end">
        {component(1, summary.pca_x_explained)} →
      </text>
      <text className="axis-name" x={6} y={16}>
        ↑ {component(2, summary.pca_y_explained)}
      </text>
    </g>
  );
}

function component(number: number, explained: number | null): string {
  return explained === null ? `PC ${number}` : `PC ${number}, ${percent(explained)} of the variance`;
}
