import { Label } from "../../components/links";
import { Worth } from "../../components/Worth";
import { type MapModel, METRICS, type Metric, metricText, valueOf } from "./model";
import { RoleShares } from "./TopRoles";
import { isOfRoles, type MapState } from "./useMapState";

const WIDTH = 260;

/** What the dot under the pointer is; it never covers the dot. */
export function HoverCard(props: { model: MapModel; state: MapState; row: number; left: number; top: number }) {
  const { model, state, row, left, top } = props;
  const metrics = [state.color, state.size, state.opacity].filter((one) => one !== null && !isOfRoles(one));
  const shown = new Set<Metric>(["score", ...(metrics as Metric[])]);
  const beside = left > WIDTH + 40 ? left - WIDTH - 16 : left + 16;
  return (
    <div className="hover-card" style={{ left: beside, top: Math.max(8, top - 20), width: WIDTH }} aria-hidden="true">
      <div className="hover-head">
        <span className="mono">{model.ids[row]}</span>
        <span className="muted">{model.roles[model.roleOf[row] ?? -1]}</span>
      </div>
      <div className="hover-label">
        <Label text={model.labels[row]?.slice(0, 160) ?? null} whole /> <Worth of={model.ids[row]} />
      </div>
      <RoleShares model={model} row={row} />
      <dl>
        {[...shown].map((metric) => (
          <div key={metric}>
            <dt>{METRICS[metric]}</dt>
            <dd>{metricText(metric, valueOf(model, metric, row))}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
