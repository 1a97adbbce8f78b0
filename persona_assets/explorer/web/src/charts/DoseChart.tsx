import { extent, linear } from "./scale";
import "./charts.css";

const HEIGHT = 56;
const STEP = 44; // pixels from one mark to the next

export interface DoseMark {
  name: string; // below it
  effect: number;
  low: number | null; // of its interval
  high: number | null;
  control_low: number | null; // of the band behind it
  control_high: number | null;
  moves: boolean | null; // filled, else hollow
}

/** Values beside each other, each with its interval, in front of a band that holds 95% of what it is compared with. */
export function DoseChart({ marks, label, step = STEP }: { marks: DoseMark[]; label: string; step?: number }) {
  const values = marks.flatMap((one) => [0, one.effect, one.low, one.high, one.control_low, one.control_high]);
  const y = linear(extent(values), [HEIGHT - 4, 4]);
  const width = step * marks.length;
  return (
    <svg className="interval" width={width} height={HEIGHT + 14} role="img" aria-label={label}>
      <title>{label}</title>
      <line className="zero" x1={0} x2={width} y1={y(0)} y2={y(0)} />
      {marks.map((one, place) => (
        <g key={one.name} transform={`translate(${(place + 0.5) * step},0)`}>
          {one.control_low !== null && one.control_high !== null && (
            <rect
              className="dose-controls"
              x={-12}
              width={24}
              y={y(one.control_high)}
              height={Math.max(1, y(one.control_low) - y(one.control_high))}
            />
          )}
          {one.low !== null && one.high !== null && <line className="whisker" y1={y(one.low)} y2={y(one.high)} />}
          <circle className={one.moves ? "dot" : "dot hollow"} cy={y(one.effect)} r={3.5} />
          <text className="dose-strength" y={HEIGHT + 11} textAnchor="middle">
            {one.name}
          </text>
        </g>
      ))}
    </svg>
  );
}
