import { useMemo } from "react";
import { BARS, countsOf, spreadOf } from "./spread";

const HEIGHT = 16; // pixels

interface HeadHistogramProps {
  title: string;
  values: readonly (number | null)[];
  rows: Int32Array; // that the filters leave
  format: (value: number) => string;
}

/** How a column's numbers are spread: pale of all features, dark of those that the filters leave. */
export function HeadHistogram({ title, values, rows, format }: HeadHistogramProps) {
  const spread = useMemo(() => spreadOf(values), [values]);
  const left = useMemo(() => spread && countsOf(values, spread, rows), [values, spread, rows]);
  if (spread === null || left === null) return null;
  const most = Math.max(...spread.counts, 1);
  const says = `${title}: ${format(spread.low)} to ${format(spread.high)}, and what is above in the last bar`;
  return (
    <svg className="head-histogram" viewBox={`0 0 ${BARS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <title>{says}</title>
      <Bars className="of-all" counts={spread.counts} most={most} />
      <Bars className="of-listed" counts={left} most={most} />
    </svg>
  );
}

/** Heights are roots of the counts: a few features beside thousands can be seen. */
function Bars({ className, counts, most }: { className: string; counts: number[]; most: number }) {
  return (
    <g className={className}>
      {counts.map((count, at) => {
        const height = HEIGHT * Math.sqrt(count / most);
        return count > 0 && <rect key={at} x={at} y={HEIGHT - height} width={0.86} height={height} />;
      })}
    </g>
  );
}
