import { useMemo } from "react";
import { toCsv } from "../../components/csv";
import { count, percent } from "../../components/format";
import { Label } from "../../components/links";
import { VirtualList } from "../../components/VirtualList";
import { Worth } from "../../components/Worth";
import { saveFile } from "../../data/http";
import { href, navigate } from "../../router/router";
import { type MapModel, shareOfPreferred, valueOf } from "./model";
import { slotsOf, slotVariable } from "./palette";
import { type MapState, setLasso, setSelected } from "./useMapState";

/** The features of the map as a list: all or those in the lasso by rank, those of highlighted roles by the role's share. */
export function Gathered({ model, state, inside }: { model: MapModel; state: MapState; inside: number[] | null }) {
  const key = state.highlighted.join();
  const rows = useMemo(() => {
    const chosen = new Set(state.highlighted);
    const all = inside ?? Array.from({ length: model.n }, (_, row) => row);
    if (chosen.size === 0) return all;
    const share = (row: number) => shareOfPreferred(model, row) ?? -1;
    return all.filter((row) => chosen.has(model.roleOf[row] as number)).sort((a, b) => share(b) - share(a) || a - b);
  }, [model, key, inside]);
  const slots = useMemo(() => slotsOf(model, state.color, state.highlighted), [model, key, state.color]);
  const active = useMemo(() => (state.selected === null ? -1 : rows.indexOf(state.selected)), [rows, state.selected]);
  const isHighlighted = state.highlighted.length > 0;
  const title = inside !== null ? "in the lasso" : isHighlighted ? "highlighted, by share" : "on the map";
  return (
    <section className="map-list" aria-label="Features of the map">
      <div className="list-head">
        <h2>
          {count(rows.length)} <span className="muted">{title}</span>
        </h2>
        {inside !== null && (
          <button className="plain" onClick={() => setLasso(null)}>
            Clear lasso
          </button>
        )}
        <button className="plain" disabled={rows.length === 0} onClick={() => save(model, rows)}>
          Export CSV
        </button>
      </div>
      <VirtualList
        label="Features of the map"
        length={rows.length}
        rowHeight={26}
        active={active < 0 ? null : active}
        choose={(at) => setSelected(model, rows[at] ?? null, { replace: true })}
        open={(at) => navigate(href("feature", model.ids[rows[at] ?? -1] ?? null))}
        row={(at) => (
          <Line
            model={model}
            row={rows[at] as number}
            slot={slots.get(model.roleOf[rows[at] as number] as number)}
            hasShare={isHighlighted}
          />
        )}
      />
    </section>
  );
}

function Line({ model, row, slot, hasShare }: { model: MapModel; row: number; slot: number | undefined; hasShare: boolean }) {
  const share = hasShare ? shareOfPreferred(model, row) : null;
  return (
    <span className="map-line">
      <span className="swatch" style={{ background: `var(${slot === undefined ? "--dot" : slotVariable(slot)})` }} aria-hidden="true" />
      <span className="mono">{model.ids[row]}</span>
      <Label text={model.labels[row] ?? null} />
      <Worth of={model.ids[row]} />
      <span className="muted ellipsis role">{model.roles[model.roleOf[row] ?? -1]}</span>
      {share !== null && <span className="muted share">{percent(share)}</span>}
    </span>
  );
}

function save(model: MapModel, rows: number[]): void {
  const head = ["rank", "feature_id", "label", "preferred_role", "share", ...model.metrics];
  const lines = rows.map((row) => [
    row + 1,
    model.ids[row],
    model.labels[row],
    model.roles[model.roleOf[row] ?? -1],
    shareOfPreferred(model, row),
    ...model.metrics.map((metric) => valueOf(model, metric, row)),
  ]);
  saveFile("map-features.csv", new Blob([toCsv([head, ...lines])], { type: "text/csv" }));
}
