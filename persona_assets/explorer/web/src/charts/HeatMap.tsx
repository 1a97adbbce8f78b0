import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useState } from "react";
import { useTheme } from "../app/theme";
import { divergingRamp } from "./colors";
import { useCanvas, useWidth } from "./hooks";
import { clamp, extent } from "./scale";

const NAMES = 96; // pixels for the names of rows, where they fit
const READABLE = 10; // a cell's least height for a name beside every row

interface HeatMapProps {
  names: string[];
  values: (number | null)[][]; // [row][column], both by `names`
  label: string;
  format: (value: number | null) => string;
  more?: (row: number, column: number) => string; // what else is said of a cell
  onOpen: (row: number, column: number) => void;
  opens?: string; // what a click or Enter does
  maxSize?: number;
}

/** A square of cells, each a whole number of pixels; the arrows move a cross over it, Enter opens a cell. */
export function HeatMap({ names, values, label, format, more, onOpen, opens = "compares the two roles", maxSize = 620 }: HeatMapProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const [theme] = useTheme();
  const n = names.length;
  const cell = width === 0 ? 0 : Math.max(1, Math.floor(Math.min(width - NAMES, maxSize) / n)); // 0: there is no canvas yet
  const size = cell * n;
  const reach = useMemo(() => largest(values), [values]);

  const draw = useCallback(
    (context: CanvasRenderingContext2D) => {
      context.imageSmoothingEnabled = false;
      context.drawImage(cells(values, reach), 0, 0, size, size);
    },
    [values, size, reach, theme],
  );
  const canvas = useCanvas(size, size, draw);

  const { at, handlers } = useCross(n, cell, onOpen);
  const said = at ? `${names[at[0]]} and ${names[at[1]]}: ${format(values[at[0]]?.[at[1]] ?? null)}${more?.(...at) ?? ""}` : "";
  return (
    <div className="chart" ref={box}>
      <div className="heat-foot">
        <Ramp reach={reach} format={format} />
        <output className="readout" aria-live="polite">
          {said || <span className="faint">point at a cell or use the arrow keys; click or Enter {opens}</span>}
        </output>
      </div>
      {width > 0 && (
        <div className="heat" style={{ height: size, paddingLeft: NAMES }}>
          <RowNames names={names} cell={cell} at={at} />
          <div
            className="plot"
            style={{ width: size, height: size }}
            tabIndex={0}
            role="application"
            aria-label={`${label}: ${n} by ${n} cells; arrow keys move, Enter ${opens}`}
            {...handlers}
          >
            <canvas ref={canvas} />
            <Cross at={at} cell={cell} size={size} />
          </div>
        </div>
      )}
    </div>
  );
}

function Cross({ at, cell, size }: { at: [number, number] | null; cell: number; size: number }) {
  return (
    <svg width={size} height={size} aria-hidden="true">
      {at && <rect className="cross" x={0} y={at[0] * cell} width={size} height={cell} />}
      {at && <rect className="cross" x={at[1] * cell} y={0} width={cell} height={size} />}
    </svg>
  );
}

/** The cell that the pointer or the arrows have chosen, of `n` by `n` cells. */
function useCross(n: number, cell: number, onOpen: HeatMapProps["onOpen"]) {
  const [at, setAt] = useState<[number, number] | null>(null);
  const put = (row: number, column: number) => setAt([clamp(row, 0, n - 1), clamp(column, 0, n - 1)]);
  const onMouseMove = (event: MouseEvent<HTMLElement>) => {
    const area = event.currentTarget.getBoundingClientRect();
    put(Math.floor((event.clientY - area.top) / cell), Math.floor((event.clientX - area.left) / cell));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Enter" && at) onOpen(...at);
    if (!step) return;
    event.preventDefault();
    const [row, column] = at ?? [0, -1];
    put(row + step[0]!, column + step[1]!);
  };
  return { at, handlers: { onMouseMove, onKeyDown, onMouseLeave: () => setAt(null), onClick: () => at && onOpen(...at) } };
}

/** A name beside every row where there is room, else only of the two under the cross. */
function RowNames({ names, cell, at }: { names: string[]; cell: number; at: [number, number] | null }) {
  const all = cell >= READABLE;
  return (
    <svg className="row-names" width={NAMES} height={cell * names.length} aria-hidden="true">
      {names.map((name, row) => {
        const on = at?.[0] === row || at?.[1] === row;
        if (!all && !on) return null;
        return (
          <text key={name} className={on ? "row-name on" : "row-name"} x={NAMES - 6} y={(row + 0.5) * cell} dy="0.34em" textAnchor="end">
            {name.length > 15 ? `${name.slice(0, 14)}…` : name}
          </text>
        );
      })}
    </svg>
  );
}

function Ramp({ reach, format }: { reach: number; format: (value: number) => string }) {
  return (
    <span className="legend">
      {format(-reach)} <span className="ramp" /> {format(reach)} <span className="faint">off the diagonal</span>
    </span>
  );
}

/** One pixel per cell: 76,000 rectangles would take seconds where there is no graphics card. */
function cells(values: (number | null)[][], reach: number): OffscreenCanvas {
  const n = values.length;
  const ramp = divergingRamp();
  const image = new ImageData(n, n);
  for (const [y, row] of values.entries()) {
    for (const [x, value] of row.entries()) if (value !== null) image.data.set([...ramp(value / reach), 255], 4 * (y * n + x));
  }
  const canvas = new OffscreenCanvas(n, n);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

/** The largest size off the diagonal: a role's likeness to itself says nothing. */
function largest(values: (number | null)[][]): number {
  const [low, high] = extent(values.flatMap((row, y) => row.filter((_, x) => x !== y)));
  return Math.max(Math.abs(low), Math.abs(high));
}
