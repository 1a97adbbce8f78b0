/** What the map's address says: every part of it is a link. */
import { useMemo } from "react";
import { setParams, useRoute } from "../../router/router";
import { hasLayout, type Layout, type MapModel, METRICS, type Metric } from "./model";
import type { Place } from "./spatial";

export interface View {
  x: number;
  y: number;
  zoom: number; // log2 of pixels a unit
}

export type Coloring = "family" | "role" | Metric;

/** Whether dots have the colours of roles: their own, or their families'. */
export function isOfRoles(color: Coloring): color is "family" | "role" {
  return color === "family" || color === "role";
}

export interface MapState {
  layout: Layout;
  color: Coloring;
  size: Metric | null;
  opacity: Metric | null;
  highlighted: number[]; // roles
  selected: number | null; // row
  lasso: Place[] | null;
  view: View | null; // null: everything in view
}

export function useMapState(model: MapModel): MapState {
  const { params } = useRoute();
  const line = params.get("lasso");
  const lasso = useMemo(() => lassoOf(line), [line]); // the same while only the camera moves
  return useMemo(() => ({ ...read(model, params), lasso }), [model, params, lasso]);
}

function read(model: MapModel, params: URLSearchParams): Omit<MapState, "lasso"> {
  const layout = params.get("layout") === "pca" && hasLayout(model, "pca") ? "pca" : "umap";
  const names = (params.get("roles") ?? "").split(",");
  return {
    layout: hasLayout(model, layout) ? layout : "pca",
    color: coloring(params.get("color"), model.families.length > 0),
    size: metric(params.get("size")),
    opacity: metric(params.get("opacity")),
    highlighted: names.map((name) => model.roles.indexOf(name)).filter((role) => role >= 0),
    selected: model.rowOf.get(Number(params.get("f") ?? NaN)) ?? null,
    view: viewOf(params.get("view")),
  };
}

/** By family where there are families and nothing else is asked. */
function coloring(name: string | null, hasFamilies: boolean): Coloring {
  return metric(name) ?? (hasFamilies && name !== "role" ? "family" : "role");
}

function metric(name: string | null): Metric | null {
  return name !== null && Object.hasOwn(METRICS, name) ? (name as Metric) : null;
}

function numbers(text: string): number[] | null {
  const values = text.split(/[,;]/).map(Number);
  return values.every(Number.isFinite) ? values : null;
}

function viewOf(text: string | null): View | null {
  const [x, y, zoom] = (text !== null && numbers(text)) || [];
  return x === undefined || y === undefined || zoom === undefined ? null : { x, y, zoom: Math.min(20, Math.max(-10, zoom)) };
}

function lassoOf(text: string | null): Place[] | null {
  const values = (text !== null && numbers(text)) || [];
  const line: Place[] = [];
  for (let at = 0; at + 1 < values.length; at += 2) line.push({ x: values[at] as number, y: values[at + 1] as number });
  return line.length >= 3 ? line : null;
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

/** Returns what the address now says ("" for everything in view), so that its echo can be told from a new view. */
export function setView(view: View | null): string {
  const text = view === null ? "" : [view.x, view.y, view.zoom].map(short).join(",");
  setParams({ view: text }, { replace: true });
  return text;
}

export function setLasso(line: Place[] | null): void {
  setParams({ lasso: line?.map(({ x, y }) => `${short(x)},${short(y)}`).join(";") });
}

export function setSelected(model: MapModel, row: number | null, { replace = false } = {}): void {
  setParams({ f: row === null ? null : (model.ids[row] ?? null) }, { replace });
}

export function setHighlighted(model: MapModel, roles: number[]): void {
  setParams({ roles: roles.map((role) => model.roles[role]).join(",") });
}
