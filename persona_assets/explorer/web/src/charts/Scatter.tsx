import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useState } from "react";
import { cssColor, useTheme } from "../app/theme";
import { plainKey } from "../components/plainKey";
import { AxisX, AxisY } from "./Axes";
import { css } from "./colors";
import { useCanvas, useWidth } from "./hooks";
import { nearest, PointIndex } from "./pointIndex";
import { extent, linear, type Scale, squareRoot } from "./scale";

const MARGIN = { top: 26, right: 14, bottom: 40, left: 52 };
const GRAB = 12; // pixels between the pointer and the dot that it takes

interface ScatterProps {
  x: number[];
  y: number[];
  xLabel: string;
  yLabel: string;
  root: boolean; // square-root axes
  order: Int32Array; // rows, the most telling first: the way of the arrow keys
  marked: Uint8Array; // rows that stand out: 1 above the diagonal, 2 below
  on: number | null; // the row pointed at
  setOn: (row: number | null) => void;
  onOpen: (row: number) => void;
  height: number;
  label: string;
}

/** Up to 65,536 dots on a canvas, with axes, the diagonal, and the dot nearest the pointer taken. */
export function Scatter(props: ScatterProps) {
  const { x, y, root, order, marked, on, setOn, onOpen, height, label } = props;
  const [box, width] = useWidth<HTMLDivElement>();
  const [theme] = useTheme();
  const [step, setStep] = useState(-1);
  const geometry = useMemo(() => placed(x, y, root, width, height), [x, y, root, width, height]);
  const draw = useCallback((context: CanvasRenderingContext2D) => paint(context, geometry, marked), [geometry, marked, theme]);
  const canvas = useCanvas(width, height, draw);
  const onMouseMove = (event: MouseEvent<HTMLElement>) => {
    const area = event.currentTarget.getBoundingClientRect();
    setOn(nearest(geometry.index, event.clientX - area.left, event.clientY - area.top, GRAB));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const key = plainKey(event);
    if (key === "Enter" && on !== null) onOpen(on);
    const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
    if (move === undefined) return;
    event.preventDefault();
    const next = Math.min(order.length - 1, Math.max(0, step + move));
    setStep(next);
    setOn(order[next] ?? null);
  };
  return (
    <div className="chart" ref={box} style={{ height }}>
      {width > 0 && (
        <div
          className="plot"
          style={{ width, height, cursor: on === null ? undefined : "pointer" }}
          tabIndex={0}
          role="application"
          aria-label={label}
          onMouseMove={onMouseMove}
          onMouseLeave={() => setOn(null)}
          onClick={() => on !== null && onOpen(on)}
          onKeyDown={onKeyDown}
        >
          <canvas ref={canvas} />
          <Frame {...props} width={width} geometry={geometry} />
        </div>
      )}
    </div>
  );
}

/** The axes, the diagonal where it can be seen, and a ring around the dot pointed at. */
function Frame({ geometry, width, height, xLabel, yLabel, on }: ScatterProps & { geometry: Geometry; width: number }) {
  const { sx, sy, px, py, shared } = geometry;
  const [low, high] = shared;
  const bottom = height - MARGIN.bottom;
  return (
    <svg width={width} height={height} aria-hidden="true">
      <AxisX scale={sx} at={bottom} label={xLabel} count={7} />
      <AxisY scale={sy} at={MARGIN.left} label={yLabel} count={7} />
      <Zero scale={sx} y1={MARGIN.top} y2={bottom} />
      <Zero scale={sy} x1={MARGIN.left} x2={width - MARGIN.right} />
      {low < high && <line className="guide" x1={sx(low)} y1={sy(low)} x2={sx(high)} y2={sy(high)} />}
      {on !== null && <circle className="ring" cx={px[on]} cy={py[on]} r={6} />}
    </svg>
  );
}

/** Where one of the roles is like the mean of all: only where an axis has both signs. */
function Zero({ scale, ...ends }: { scale: Scale; x1?: number; x2?: number; y1?: number; y2?: number }) {
  const [low = 0, high = 0] = scale.domain();
  if (low >= 0 || high <= 0) return null;
  const at = scale(0);
  return <line className="zero" x1={ends.x1 ?? at} x2={ends.x2 ?? at} y1={ends.y1 ?? at} y2={ends.y2 ?? at} />;
}

type Geometry = ReturnType<typeof placed>;

function placed(x: number[], y: number[], root: boolean, width: number, height: number) {
  const make = root ? squareRoot : linear;
  const sx = make(extent(x), [MARGIN.left, Math.max(MARGIN.left, width - MARGIN.right)]).nice();
  const sy = make(extent(y), [height - MARGIN.bottom, MARGIN.top]).nice();
  const px = Float32Array.from(x, (value) => sx(value));
  const py = Float32Array.from(y, (value) => sy(value));
  const [x0 = 0, x1 = 0] = sx.domain();
  const [y0 = 0, y1 = 0] = sy.domain();
  const shared: [number, number] = [Math.max(x0, y0), Math.min(x1, y1)]; // where the diagonal can be seen
  return { sx, sy, px, py, shared, index: new PointIndex(px, py, width) };
}

/** The common dots first, those that stand out above them: squares above the diagonal, rounds below. */
function paint(context: CanvasRenderingContext2D, { px, py }: Geometry, marked: Uint8Array): void {
  context.fillStyle = css(cssColor("--dot"), px.length > 10_000 ? 0.45 : 0.7);
  for (let i = 0; i < px.length; i++) if (!marked[i]) context.fillRect(px[i]! - 1, py[i]! - 1, 2, 2);
  const [above, below] = [css(cssColor("--cat-2")), css(cssColor("--cat-1"))];
  for (let i = 0; i < px.length; i++) {
    if (marked[i] === 1) {
      context.fillStyle = above;
      context.fillRect(px[i]! - 2.5, py[i]! - 2.5, 5, 5);
    } else if (marked[i] === 2) {
      context.fillStyle = below;
      context.beginPath();
      context.arc(px[i]!, py[i]!, 3, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
