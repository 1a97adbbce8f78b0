/** Which colour a dot has. */
import { cssColor, type Theme } from "../../app/theme";
import { type MapModel, type Metric, placeIn, rangeOf, valueOf } from "./model";
import { type Coloring, isOfRoles } from "./useMapState";

export type Rgb = [number, number, number];

export const SLOTS = 10; // colours that stay tellable; further roles are grey

// Viridis at equal steps: even in lightness, and the same order to a colour-blind eye.
const VIRIDIS: Rgb[] = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
];

/** A sequential colour for 0–1; the high end stands out most in either theme. */
export function sequential(theme: Theme, share: number): Rgb {
  const place = theme === "dark" ? 1.6 + share * 6.4 : (1 - share) * 6.2;
  const low = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const from = VIRIDIS[low] as Rgb;
  const to = VIRIDIS[low + 1] as Rgb;
  return [0, 1, 2].map((part) => Math.round(from[part]! + (to[part]! - from[part]!) * (place - low))) as Rgb;
}

/**
 * The slot of each coloured role; none where dots are coloured by a metric. A family's roles share its slot. Else the roles
 * with the most features own the slots, so that a role keeps its colour when it is highlighted; a highlighted role
 * beyond them takes a slot that no highlighted one uses.
 */
export function slotsOf(model: MapModel, color: Coloring, highlighted: number[]): Map<number, number> {
  if (!isOfRoles(color)) return new Map();
  if (color === "family") {
    const families = model.families.slice(0, SLOTS).flatMap(({ roles }, slot) => roles.map((role) => [role, slot] as const));
    return new Map([...highlighted.map((role) => [role, ALONE] as const), ...families]);
  }
  const own = new Map(model.byCount.slice(0, SLOTS).map((role, slot) => [role, slot]));
  if (highlighted.length === 0) return own;
  const used = new Set(highlighted.map((role) => own.get(role)).filter((slot) => slot !== undefined));
  const free = [...Array(SLOTS).keys()].filter((slot) => !used.has(slot));
  const slots = new Map<number, number>();
  for (const role of highlighted) {
    const slot = own.get(role) ?? free.shift();
    if (slot !== undefined) slots.set(role, slot);
  }
  return slots;
}

const ALONE = SLOTS; // a highlighted role of no family: it stands out, without a colour

export function slotVariable(slot: number): string {
  return slot === ALONE ? "--text" : `--cat-${slot + 1}`;
}

export interface Look {
  colors: Uint8ClampedArray; // [n × 4]
  radii: Float32Array; // [n], pixels
  front: Uint8Array; // [n], 1: drawn over the others
}

export interface LookOptions {
  color: Coloring;
  size: Metric | null;
  opacity: Metric | null;
  highlighted: number[];
  theme: Theme;
}

/** Colour and radius of every dot. */
export function lookOf(model: MapModel, options: LookOptions): Look {
  const { color, size, opacity, highlighted, theme } = options;
  const colorOf = isOfRoles(color) ? roleColors(model, color, highlighted) : metricColors(model, color, theme);
  const shareOf = shares(model, size);
  const strengthOf = shares(model, opacity);
  const chosen = new Set(highlighted);
  const base = model.n > 20_000 ? 1.6 : model.n > 4000 ? 2.4 : 3.2;
  const look = { colors: new Uint8ClampedArray(model.n * 4), radii: new Float32Array(model.n), front: new Uint8Array(model.n) };
  for (let row = 0; row < model.n; row++) {
    const { rgb, named } = colorOf(row);
    const dimmed = chosen.size > 0 && !chosen.has(model.roleOf[row] as number);
    const strength = opacity === null ? (named ? 0.92 : 0.6) : 0.12 + 0.88 * (strengthOf(row) ?? 0);
    look.colors.set([...rgb, 255 * strength * (dimmed ? 0.3 : 1)], row * 4);
    look.radii[row] = size === null ? base : base * (0.5 + 2 * Math.sqrt(shareOf(row) ?? 0));
    look.front[row] = dimmed || !named ? 0 : 1;
  }
  return look;
}

type ColorOf = (row: number) => { rgb: Rgb; named: boolean };

function roleColors(model: MapModel, color: Coloring, highlighted: number[]): ColorOf {
  const others = { rgb: cssColor("--dot"), named: false };
  const named = new Map<number, { rgb: Rgb; named: boolean }>();
  for (const [role, slot] of slotsOf(model, color, highlighted)) named.set(role, { rgb: cssColor(slotVariable(slot)), named: true });
  return (row) => named.get(model.roleOf[row] as number) ?? others;
}

function metricColors(model: MapModel, metric: Metric, theme: Theme): ColorOf {
  const range = rangeOf(model, metric);
  const unknown = { rgb: cssColor("--dot"), named: false };
  return (row) => {
    const share = placeIn(range, valueOf(model, metric, row));
    return share === null ? unknown : { rgb: sequential(theme, share), named: true };
  };
}

function shares(model: MapModel, metric: Metric | null): (row: number) => number | null {
  if (metric === null) return () => null;
  const range = rangeOf(model, metric);
  return (row) => placeIn(range, valueOf(model, metric, row));
}
