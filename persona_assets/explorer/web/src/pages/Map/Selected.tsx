import { Label, RoleLink } from "../../components/links";
import { Worth } from "../../components/Worth";
import { href } from "../../router/router";
import { type MapModel, METRICS, type Metric, metricText, placeIn, rangeOf, valueOf } from "./model";
import { Sentence } from "./Sentence";
import { TopRoles } from "./TopRoles";
import { type MapState, setSelected } from "./useMapState";

/** The selected feature: what it is, where it is strongest, its numbers among all of the map's, and its neighbors. */
export function Selected(props: {
  model: MapModel;
  state: MapState;
  neighbors: number[];
  similarities: number[];
  stable: (boolean | null)[];
}) {
  const { model, state, neighbors, similarities, stable } = props;
  const row = state.selected;
  if (row === null) return <p className="side-hint">Select a dot, or a line of the list, to see what it is.</p>;
  const role = model.roles[model.roleOf[row] ?? -1];
  return (
    <section className="map-selected" aria-label="Selected feature">
      <div className="selected-head">
        <a className="selected-id" href={href("feature", model.ids[row] ?? null)}>
          {model.ids[row]}
        </a>
        <span className="muted">
          rank {row + 1}
          {role !== undefined && (
            <>
              {" · "}
              <RoleLink role={role} />
            </>
          )}
        </span>
        <button className="plain close" onClick={() => setSelected(model, null)} aria-label="Clear the selection">
          ×
        </button>
      </div>
      <p className="selected-label">
        <Label text={model.labels[row]?.slice(0, 400) ?? null} whole /> <Worth of={model.ids[row]} />
      </p>
      {role !== undefined && <Sentence feature={model.ids[row]!} role={role} />}
      <TopRoles model={model} state={state} row={row} />
      <dl className="metrics">
        {model.metrics.map((metric) => (
          <Value key={metric} model={model} metric={metric} row={row} />
        ))}
      </dl>
      <Neighbors model={model} rows={neighbors} similarities={similarities} stable={stable} />
    </section>
  );
}

function Value({ model, metric, row }: { model: MapModel; metric: Metric; row: number }) {
  const value = valueOf(model, metric, row);
  const place = placeIn(rangeOf(model, metric), value);
  return (
    <div>
      <dt>{METRICS[metric]}</dt>
      <dd>
        <span className="bar" aria-hidden="true">
          {place !== null && <span style={{ width: `${place * 100}%` }} />}
        </span>
        {metricText(metric, value)}
      </dd>
    </div>
  );
}

function Neighbors(props: { model: MapModel; rows: number[]; similarities: number[]; stable: (boolean | null)[] }) {
  const { model, rows, similarities, stable } = props;
  const null_ = model.data.summary.neighbor_null;
  if (rows.length === 0) return null;
  return (
    <div className="neighbors">
      <h3>Nearest by cosine over roles, in the full space</h3>
      {null_ !== null && (similarities[0] ?? 0) < null_ && (
        <p className="caution">None is near: by chance alone 5% of features have a nearest with a cosine above {null_.toFixed(2)}.</p>
      )}
      <ol>
        {rows.map((row, at) => (
          <li key={row}>
            <button onClick={() => setSelected(model, row)}>
              <span className="num">{similarities[at]?.toFixed(2)}</span>
              <span className="mono">{model.ids[row]}</span>
              {stable[at] && <span title="among the nearest in each half of the wordings">✓</span>}
              <Label text={model.labels[row] ?? null} />
              <Worth of={model.ids[row]} />
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
