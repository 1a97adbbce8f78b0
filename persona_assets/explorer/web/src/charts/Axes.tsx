import { type Scale, ticksOf, tickText } from "./scale";

interface AxisProps {
  scale: Scale;
  at: number; // where the axis lies on the other dimension, pixels
  label?: string; // with its unit
  count?: number; // about how many ticks
  grid?: number; // lines reach to here on the other dimension
}

/** A horizontal axis: ticks below the line, the label below them at the right. */
export function AxisX({ scale, at, label, count = 6, grid }: AxisProps) {
  const format = tickText(scale, count);
  const [from = 0, to = 0] = scale.range();
  return (
    <g className="axis" aria-hidden="true">
      {ticksOf(scale, count, 36).map((tick) => (
        <g key={tick} transform={`translate(${scale(tick)},0)`}>
          {grid !== undefined && <line className="grid" y1={at} y2={grid} />}
          <line y1={at} y2={at + 4} />
          <text y={at + 15} textAnchor="middle">
            {format(tick)}
          </text>
        </g>
      ))}
      <line x1={from} x2={to} y1={at} y2={at} />
      {label && (
        <text className="axis-label" x={Math.max(from, to)} y={at + 30} textAnchor="end">
          {label}
        </text>
      )}
    </g>
  );
}

/** A vertical axis: ticks left of the line, the label above it, level. */
export function AxisY({ scale, at, label, count = 5, grid }: AxisProps) {
  const format = tickText(scale, count);
  const [from = 0, to = 0] = scale.range();
  return (
    <g className="axis" aria-hidden="true">
      {ticksOf(scale, count, 18).map((tick) => (
        <g key={tick} transform={`translate(0,${scale(tick)})`}>
          {grid !== undefined && <line className="grid" x1={at} x2={grid} />}
          <line x1={at - 4} x2={at} />
          <text x={at - 7} dy="0.32em" textAnchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
      <line x1={at} x2={at} y1={from} y2={to} />
      {label && (
        <text className="axis-label" x={0} y={Math.min(from, to) - 10} textAnchor="start">
          {label}
        </text>
      )}
    </g>
  );
}
