import { type Scale, ticksOf, tickText } from "./scale";

const HEIGHT = 18;
const GAP = 34; // pixels from tick to tick, at least
const LETTER = 6.5; // pixels, about

interface IntervalProps {
  scale: Scale;
  value: number | null;
  low: number | null;
  high: number | null;
  strong: boolean; // a finding: filled, else hollow
}

/** A dot with its confidence interval against zero, one line of a table; the numbers stand beside it. */
export function Interval({ scale, value, low, high, strong }: IntervalProps) {
  const [from = 0, to = 0] = scale.range();
  const middle = HEIGHT / 2;
  return (
    <svg className="interval" width={to + from} height={HEIGHT} aria-hidden="true">
      <line className="zero" x1={scale(0)} x2={scale(0)} y1={0} y2={HEIGHT} />
      {low !== null && high !== null && <line className="whisker" x1={scale(low)} x2={scale(high)} y1={middle} y2={middle} />}
      {value !== null && <circle className={strong ? "dot" : "dot hollow"} cx={scale(value)} cy={middle} r={3} />}
    </svg>
  );
}

/** The axis that all the lines' dots share, for the column's head. */
export function IntervalAxis({ scale }: { scale: Scale }) {
  const [from = 0, to = 0] = scale.range();
  const format = tickText(scale, 4);
  const longest = Math.max(...scale.ticks(4).map((tick) => format(tick).length));
  return (
    <svg className="interval" width={to + from} height={HEIGHT} aria-hidden="true">
      <g className="axis">
        <line x1={from} x2={to} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        {ticksOf(scale, 4, Math.max(GAP, longest * LETTER + 8)).map((tick) => (
          <g key={tick} transform={`translate(${scale(tick)},0)`}>
            <line y1={HEIGHT - 4} y2={HEIGHT} />
            <text y={HEIGHT - 7} textAnchor="middle">
              {format(tick)}
            </text>
          </g>
        ))}
      </g>
    </svg>
  );
}
