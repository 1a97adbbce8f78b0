import type { Histogram as Counts } from "../generated/contract";
import { AxisX, AxisY } from "./Axes";
import { useWidth } from "./hooks";
import { linear, squareRoot } from "./scale";

const HEIGHT = 168;
const MARGIN = { top: 24, right: 10, bottom: 36, left: 44 };

/** How often each strength occurred, on a square-root axis: a few strong responses are not lost beside the many weak. */
export function Histogram({ histogram, label }: { histogram: Counts; label: string }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { edges, counts } = histogram;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = linear([edges[0] ?? 0, edges.at(-1) ?? 1], [MARGIN.left, width - MARGIN.right]);
  const y = squareRoot([0, Math.max(1, ...counts)], [bottom, MARGIN.top]).nice(4);
  return (
    <div ref={ref} className="chart" style={{ height: HEIGHT }}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={describe(histogram)}>
          <AxisY scale={y} at={MARGIN.left} grid={width - MARGIN.right} count={4} label="responses, square-root axis" />
          {counts.map((count, i) => (
            <Bar key={i} x={x(edges[i]!)} width={x(edges[i + 1]!) - x(edges[i]!)} y={y(count)} bottom={bottom}>
              {`${edges[i]!.toPrecision(3)} to ${edges[i + 1]!.toPrecision(3)}: ${count} responses`}
            </Bar>
          ))}
          <AxisX scale={x} at={bottom} label={label} count={Math.max(2, Math.floor(width / 70))} />
        </svg>
      )}
    </div>
  );
}

function Bar(bar: { x: number; width: number; y: number; bottom: number; children: string }) {
  const height = bar.bottom - bar.y;
  return (
    <rect className="bar" x={bar.x + 0.5} width={Math.max(1, bar.width - 1)} y={bar.y} height={height}>
      <title>{bar.children}</title>
    </rect>
  );
}

function describe({ edges, counts, n_silent }: Counts): string {
  const fired = counts.reduce((sum, count) => sum + count, 0);
  const peak = counts.indexOf(Math.max(...counts));
  return (
    `Histogram of ${fired} responses in which the feature fired (${n_silent} are silent); ` +
    `the most, ${counts[peak]}, lie between ${edges[peak]?.toPrecision(3)} and ${edges[peak + 1]?.toPrecision(3)}.`
  );
}
