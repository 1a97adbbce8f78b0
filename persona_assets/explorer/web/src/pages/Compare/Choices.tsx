import { useParam } from "../../router/router";
import { MEASURES, type Measure } from "./pairs";

/** The measure of the address by which two roles are compared. */
export function useMeasure(): Measure {
  const [chosen] = useParam("by", "mean");
  return chosen in MEASURES ? (chosen as Measure) : "mean";
}

/** By what the roles are compared, and how the axes are scaled. */
export function Choices() {
  const measure = useMeasure();
  const [, setMeasure] = useParam("by", "mean");
  const [scale, setScale] = useParam("scale", "root");
  return (
    <span className="compare-how">
      <label>
        by{" "}
        <select value={measure} onChange={(event) => setMeasure(event.target.value, { push: true })}>
          {Object.entries(MEASURES).map(([key, { title }]) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        axes{" "}
        <select value={scale} onChange={(event) => setScale(event.target.value)}>
          <option value="root">square-root</option>
          <option value="linear">linear</option>
        </select>
      </label>
    </span>
  );
}
