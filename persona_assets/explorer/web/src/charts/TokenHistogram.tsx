import { AxisY } from "./Axes";
import { useWidth } from "./hooks";
import { linear, squareRoot } from "./scale";

const HEIGHT = 132;
const MARGIN = { top: 22, right: 10, bottom: 34, left: 44 };
const TICK_GAP = 44; // pixels between two that are labelled

interface Bin {
  from_activation: number;
  to_activation: number;
  n_tokens: number;
}

/** How many tokens have which activation: bins of half an octave, hence a logarithmic axis, and a square root upwards. */
export function TokenHistogram({ bins }: { bins: Bin[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const bottom = HEIGHT - MARGIN.bottom;
  const x = linear([0, bins.length], [MARGIN.left, width - MARGIN.right]);
  const y = squareRoot([0, Math.max(1, ...bins.map((bin) => bin.n_tokens))], [bottom, MARGIN.top]).nice(4);
  const edges = [...bins.map((bin) => bin.from_activation), bins.at(-1)!.to_activation];
  const step = Math.max(1, Math.ceil(TICK_GAP / Math.max(1, x(1) - x(0))));
  return (
    <div ref={ref} className="chart" style={{ height: HEIGHT }}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={describe(bins)}>
          <AxisY scale={y} at={MARGIN.left} grid={width - MARGIN.right} count={4} label="tokens, square-root axis" />
          {bins.map((bin, i) => (
            <rect
              key={bin.from_activation}
              className="bar"
              x={x(i) + 0.5}
              width={Math.max(1, x(1) - x(0) - 1)}
              y={y(bin.n_tokens)}
              height={bottom - y(bin.n_tokens)}
            >
              <title>{`${bin.from_activation.toPrecision(3)} to ${bin.to_activation.toPrecision(3)}: ${bin.n_tokens} tokens`}</title>
            </rect>
          ))}
          <g className="axis" aria-hidden="true">
            {edges.map(
              (edge, i) =>
                i % step === 0 && (
                  <g key={edge} transform={`translate(${x(i)},0)`}>
                    <line y1={bottom} y2={bottom + 4} />
                    <text y={bottom + 15} textAnchor="middle">
                      {Number(edge.toPrecision(2))}
                    </text>
                  </g>
                ),
            )}
            <line x1={MARGIN.left} x2={width - MARGIN.right} y1={bottom} y2={bottom} />
            <text className="axis-label" x={width - MARGIN.right} y={bottom + 29} textAnchor="end">
              activation on a token, logarithmic
            </text>
          </g>
        </svg>
      )}
    </div>
  );
}

function describe(bins: Bin[]): string {
  const total = bins.reduce((sum, bin) => sum + bin.n_tokens, 0);
  const most = bins.reduce((best, bin) => (bin.n_tokens > best.n_tokens ? bin : best));
  return (
    `Histogram of ${total} tokens on which the feature is active; the most, ${most.n_tokens}, have activations between ` +
    `${most.from_activation.toPrecision(3)} and ${most.to_activation.toPrecision(3)}.`
  );
}
