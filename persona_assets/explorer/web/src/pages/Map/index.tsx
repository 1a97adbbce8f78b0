import { Suspense, useEffect, useMemo, useState } from "react";
import { lazyChunk } from "../../app/lazyChunk";
import { count, fmt, percent } from "../../components/format";
import { Help } from "../../components/Help";
import { Empty, Loaded } from "../../components/Loaded";
import { Loading } from "../../components/Skeleton";
import { useSae, useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { MapData, Neighbors } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href } from "../../router/router";
import { Controls } from "./Controls";
import { Gathered } from "./Gathered";
import { Legend } from "./Legend";
import { type MapModel, makeModel, positions } from "./model";
import { Selected } from "./Selected";
import { SpatialIndex } from "./spatial";
import { useMapState } from "./useMapState";
import "./map.css";

// The list and the legend are there before deck.gl is.
const Canvas = lazyChunk(() => import("./Canvas"));

export default function MapPage() {
  const sae = useSae();
  const map = useResource<MapData>(sae?.has_atlas ? paths.map(sae.sae) : null);
  if (sae === null) return <Empty title="This study has no SAE yet">Its map is made from extracted activations.</Empty>;
  const noAtlas = (
    <Empty title="There is no atlas yet">
      The map shows the features an atlas selects. All features are in the <a href={href("table")}>table</a>.
    </Empty>
  );
  if (!sae.has_atlas) return noAtlas;
  return (
    <Loaded of={map} what="the map" shape="map" missing={noAtlas}>
      {(data) => <LoadedMap data={data} sae={sae.sae} />}
    </Loaded>
  );
}

function LoadedMap({ data, sae }: { data: MapData; sae: string }) {
  const { anchor } = useStudy();
  const model = useMemo(() => makeModel(data, anchor), [data, anchor]);
  const state = useMapState(model);
  const [tool, setTool] = useState<"pan" | "lasso">("pan");
  const places = useMemo(() => positions(model, state.layout), [model, state.layout]);
  const index = useMemo(() => new SpatialIndex(places), [places]);
  const line = state.lasso;
  const inside = useMemo(() => (line === null ? null : index.inside(line)), [index, line]);
  const insideSet = useMemo(() => inside && new Set(inside), [inside]);
  const near = useNeighbors(sae, state.selected);
  useEffect(() => setTool("pan"), [line]);
  if (model.n === 0) return <Empty title="The atlas selected no feature">{data.summary.note}</Empty>;
  return (
    <div className="map-page">
      <Controls model={model} state={state} tool={tool} setTool={setTool} />
      <Legend model={model} state={state} />
      <div className="map-middle">
        <Suspense fallback={<Loading what="the map's drawing" shape="chart" />}>
          <Canvas {...{ model, state, places, index, tool }} neighbors={near.rows} inside={insideSet} />
        </Suspense>
        <Guardrail model={model} />
      </div>
      <aside className="map-side" aria-label="Features">
        <Selected model={model} state={state} neighbors={near.rows} similarities={near.similarities} stable={near.stable} />
        <Gathered model={model} state={state} inside={inside} />
      </aside>
      <Announced model={model} row={state.selected} />
    </div>
  );
}

/** The neighbors of the selected row; read only when something is selected. */
function useNeighbors(sae: string, row: number | null): { rows: number[]; similarities: number[]; stable: (boolean | null)[] } {
  const neighbors = useResource<Neighbors>(row === null ? null : paths.neighbors(sae));
  return useMemo(() => {
    if (row === null || neighbors.state !== "ready") return { rows: [], similarities: [], stable: [] };
    const { rows, similarities, stable } = neighbors.data;
    return { rows: rows[row] ?? [], similarities: similarities[row] ?? [], stable: stable[row] ?? [] };
  }, [neighbors, row]);
}

const MODES: Record<string, string> = {
  question_centered_mean: "Question centering is on: of role means, what all roles do on the same questions is taken off",
  log1p_role_mean: "Question centering is off: the logarithm of 1 + role means",
};

/** What the map cannot be trusted with, beside every map. */
function Guardrail({ model }: { model: MapModel }) {
  const { summary } = model.data;
  return (
    <footer className="guardrail">
      <span>
        <strong>{count(summary.selected_count)}</strong>
        {summary.alive_count > 0 && ` of ${count(summary.alive_count)} alive`} features{summary.n_roles > 0 && `, ${summary.n_roles} roles`}
      </span>
      {summary.preservation !== null && (
        <span>
          <strong>{percent(summary.preservation)}</strong> of each feature’s {summary.quality_k} nearest neighbors are kept by the map{" "}
          <Help about="the preservation score">
            Of each feature’s {summary.quality_k} nearest features by cosine in the full space, the share that is also among its{" "}
            {summary.quality_k} nearest on the map ({fmt(summary.preservation)}).
            {summary.preservation_null !== null && ` A map of features with their roles shuffled keeps ${fmt(summary.preservation_null)}.`}
          </Help>
          {summary.preservation_null !== null &&
            ` (${percent(summary.preservation_null)} by chance: its features with their roles shuffled)`}
        </span>
      )}
      {summary.map_stability !== null && (
        <span>
          <strong>{percent(summary.map_stability)}</strong> of those on the map stay with another random state
        </span>
      )}
      {summary.neighbors_stable !== null && (
        <span>
          <strong>{percent(summary.neighbors_stable)}</strong> of the nearest neighbors are found again in each half of the wordings
        </span>
      )}
      <span className="muted">
        {Object.hasOwn(MODES, summary.role_matrix_mode) ? `${MODES[summary.role_matrix_mode]}. ` : ""}
        {summary.note}
      </span>
    </footer>
  );
}

/** Says the selection to a screen reader: the dots themselves say nothing. */
function Announced({ model, row }: { model: MapModel; row: number | null }) {
  return (
    <span className="hidden-label" role="status">
      {row !== null &&
        `Feature ${model.ids[row]}, ${model.roles[model.roleOf[row] ?? -1] ?? ""}: ${model.labels[row]?.slice(0, 200) ?? "no label"}`}
    </span>
  );
}
