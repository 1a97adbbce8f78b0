import { Help } from "../../components/Help";
import { setParams } from "../../router/router";
import { hasLayout, type Layout, type MapModel, METRICS, type Metric } from "./model";
import type { Coloring, MapState } from "./useMapState";

interface ControlsProps {
  model: MapModel;
  state: MapState;
  tool: "pan" | "lasso";
  setTool: (tool: "pan" | "lasso") => void;
}

export function Controls({ model, state, tool, setTool }: ControlsProps) {
  return (
    <div className="map-controls" role="toolbar" aria-label="Map settings">
      <div className="segments" role="group" aria-label="Layout">
        {(["umap", "pca"] as const).map((layout) => (
          <button
            key={layout}
            aria-pressed={state.layout === layout}
            disabled={!hasLayout(model, layout)}
            onClick={() => changeLayout(layout)}
          >
            {layout.toUpperCase()}
          </button>
        ))}
      </div>
      <ColorChoice chosen={state.color} model={model} />
      <Choice name="size" title="Size" first="Same" chosen={state.size} model={model} />
      <Choice name="opacity" title="Opacity" first="Same" chosen={state.opacity} model={model} />
      <div className="segments" role="group" aria-label="What dragging does">
        <button aria-pressed={tool === "pan"} onClick={() => setTool("pan")}>
          Pan
        </button>
        <button aria-pressed={tool === "lasso"} onClick={() => setTool("lasso")} title="Or drag with Shift held">
          Lasso
        </button>
      </div>
      <Help about="the map">
        Drag to pan, scroll to zoom, click a dot to select it. Lasso, or drag with Shift held, to gather features. With the map focused:
        arrow keys go from dot to dot, + and − zoom, 0 shows everything, Enter opens the feature.
      </Help>
    </div>
  );
}

/** Camera and lasso belong to a layout. */
function changeLayout(layout: Layout): void {
  setParams({ layout: layout === "umap" ? null : layout, view: null, lasso: null });
}

function ColorChoice({ chosen, model }: { chosen: Coloring; model: MapModel }) {
  const hasFamilies = model.families.length > 0;
  const first = hasFamilies ? "family" : "role";
  return (
    <label className="choice">
      <span>Colour</span>
      <select value={chosen} onChange={({ target: { value } }) => setParams({ color: value === first ? null : value })}>
        {hasFamilies && <option value="family">Family of roles</option>}
        <option value="role">Preferred role</option>
        <Metrics model={model} />
      </select>
    </label>
  );
}

function Choice({ name, title, first, chosen, model }: ChoiceProps) {
  return (
    <label className="choice">
      <span>{title}</span>
      <select value={chosen ?? ""} onChange={(event) => setParams({ [name]: event.target.value })}>
        <option value="">{first}</option>
        <Metrics model={model} />
      </select>
    </label>
  );
}

function Metrics({ model }: { model: MapModel }) {
  return model.metrics.map((metric: Metric) => (
    <option key={metric} value={metric}>
      {METRICS[metric]}
    </option>
  ));
}

interface ChoiceProps {
  name: string;
  title: string;
  first: string;
  chosen: Metric | null;
  model: MapModel;
}
