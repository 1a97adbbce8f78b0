import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useState } from "react";
import { useTheme } from "../app/theme";
import { plainKey } from "../components/plainKey";
import { useParam } from "../router/router";
import { type Block, blockOf, blockText, type Family, parseBlock, wholeOf, zoomed } from "./block";
import { divergingRamp } from "./colors";
import { ColumnNames, RowNames } from "./HeatNames";
import { useCanvas, useWidth } from "./hooks";
import { clamp, extent } from "./scale";

const NAMES = 96; // pixels for the names of rows
const ABOVE = 84; // and for those of columns

interface HeatMapProps {
  names: string[];
  values: (number | null)[][]; // [row][column], both by `names`
  families?: Family[];
  label: string;
  format: (value: number | null) => string;
  more?: (row: number, column: number) => string; // what else is said of a cell
  onOpen: (row: number, column: number) => void;
  opens?: string; // what a click or Enter does
  maxSize?: number;
}

/** A square of cells, each a whole number of pixels; the arrows move a cross over it, Enter opens a cell, + and − zoom. */
export function HeatMap(props: HeatMapProps) {
  const { names, values, families = [], label, format, more, onOpen, opens = "compares the two roles", maxSize = 620 } = props;
  const [box, width] = useWidth<HTMLDivElement>();
  const n = names.length;
  const [block, setBlock] = useBlock(n);
  const cell = width === 0 ? 0 : Math.max(1, Math.floor(Math.min(width - NAMES, maxSize) / block.size)); // 0: there is no canvas yet
  const size = cell * block.size;
  const reach = useMemo(() => largest(values), [values]);
  const canvas = useCells(values, block, reach, size);
  const { at, handlers } = useCross(block, cell, n, onOpen, setBlock);
  const said = at ? `${names[at[0]]} and ${names[at[1]]}: ${format(values[at[0]]?.[at[1]] ?? null)}${more?.(...at) ?? ""}` : "";
  const from = (start: number) => names.slice(start, start + block.size);
  return (
    <div className="chart" ref={box}>
      <div className="heat-foot">
        <Ramp reach={reach} format={format} />
        <Zoom block={block} setBlock={setBlock} families={families} n={n} />
        <output className="readout" aria-live="polite">
          {said || <span className="faint">point at a cell or use the arrow keys; click or Enter {opens}; + and − zoom</span>}
        </output>
      </div>
      {width > 0 && (
        <div className="heat" style={{ height: size + ABOVE, padding: `${ABOVE}px 0 0 ${NAMES}px` }}>
          <RowNames names={from(block.row)} cell={cell} on={at && at[0] - block.row} width={NAMES} top={ABOVE} />
          <ColumnNames names={from(block.column)} cell={cell} on={at && at[1] - block.column} left={NAMES} height={ABOVE} />
          <div
            className="plot"
            style={{ width: size, height: size }}
            tabIndex={0}
            role="application"
            aria-label={`${label}: ${block.size} by ${block.size} cells; arrow keys move, Enter ${opens}, plus and minus zoom, 0 shows all`}
            {...handlers}
          >
            <canvas ref={canvas} />
            <Cross at={at && [at[0] - block.row, at[1] - block.column]} cell={cell} size={size} />
          </div>
        </div>
      )}
    </div>
  );
}

/** The block in the address, and a function that puts another there. */
function useBlock(n: number): [Block, (block: Block) => void] {
  const [text, setText] = useParam("block");
  const block = useMemo(() => parseBlock(text, n), [text, n]);
  return [block, (next) => setText(blockText(next, n))];
}

function useCells(values: HeatMapProps["values"], block: Block, reach: number, size: number) {
  const [theme] = useTheme();
  const draw = useCallback(
    (context: CanvasRenderingContext2D) => {
      context.imageSmoothingEnabled = false;
      context.drawImage(cells(values, block, reach), 0, 0, size, size);
    },
    [values, block, size, reach, theme],
  );
  return useCanvas(size, size, draw);
}

/** All roles, one family's block, or closer and farther. */
function Zoom({ block, setBlock, families, n }: { block: Block; setBlock: (block: Block) => void; families: Family[]; n: number }) {
  const texts = families.map((family) => blockText(blockOf(family), n));
  const shown = blockText(block, n);
  return (
    <span className="heat-zoom">
      <select aria-label="Which roles are shown" value={shown} onChange={({ target }) => setBlock(parseBlock(target.value, n))}>
        <option value="">all {n} roles</option>
        {families.map(({ name }, at) => (
          <option key={name} value={texts[at]}>
            {name}
          </option>
        ))}
        {shown !== "" && !texts.includes(shown) && <option value={shown}>a block of {block.size}</option>}
      </select>
      <button aria-label="Zoom in" onClick={() => setBlock(zoomed(block, "in", null, n))}>
        +
      </button>
      <button aria-label="Zoom out" disabled={block.size === n} onClick={() => setBlock(zoomed(block, "out", null, n))}>
        −
      </button>
    </span>
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

/** The cell of the block that the pointer or the arrows have chosen, by its row and column among all. */
function useCross(block: Block, cell: number, n: number, onOpen: HeatMapProps["onOpen"], setBlock: (block: Block) => void) {
  const [chosen, setAt] = useState<[number, number] | null>(null);
  const at = chosen !== null && isIn(block, chosen) ? chosen : null;
  const put = (row: number, column: number) => setAt([clamped(row, block.row, block.size), clamped(column, block.column, block.size)]);
  const onMouseMove = (event: MouseEvent<HTMLElement>) => {
    const area = event.currentTarget.getBoundingClientRect();
    put(block.row + Math.floor((event.clientY - area.top) / cell), block.column + Math.floor((event.clientX - area.left) / cell));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const key = plainKey(event);
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
    if (key === "Enter" && at) onOpen(...at);
    else if (key === "+" || key === "=") setBlock(zoomed(block, "in", at, n));
    else if (key === "-") setBlock(zoomed(block, "out", at, n));
    else if (key === "0") setBlock(wholeOf(n));
    if (!step) return;
    event.preventDefault();
    const [row, column] = at ?? [block.row, block.column - 1];
    put(row + step[0]!, column + step[1]!);
  };
  return { at, handlers: { onMouseMove, onKeyDown, onMouseLeave: () => setAt(null), onClick: () => at && onOpen(...at) } };
}

const clamped = (value: number, from: number, size: number) => clamp(value, from, from + size - 1);

function isIn({ row, column, size }: Block, at: [number, number]): boolean {
  return at[0] >= row && at[0] < row + size && at[1] >= column && at[1] < column + size;
}

function Ramp({ reach, format }: { reach: number; format: (value: number) => string }) {
  return (
    <span className="legend">
      {format(-reach)} <span className="ramp" /> {format(reach)} <span className="faint">off the diagonal</span>
    </span>
  );
}

/** One pixel per cell of the block: 76,000 rectangles would take seconds where there is no graphics card. */
function cells(values: (number | null)[][], { row, column, size }: Block, reach: number): OffscreenCanvas {
  const ramp = divergingRamp();
  const image = new ImageData(size, size);
  for (const [y, line] of values.slice(row, row + size).entries()) {
    for (const [x, value] of line.slice(column, column + size).entries()) {
      if (value !== null) image.data.set([...ramp(value / reach), 255], 4 * (y * size + x));
    }
  }
  const canvas = new OffscreenCanvas(size, size);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

/** The largest size off the diagonal: a role's likeness to itself says nothing. */
function largest(values: (number | null)[][]): number {
  const [low, high] = extent(values.flatMap((row, y) => row.filter((_, x) => x !== y)));
  return Math.max(Math.abs(low), Math.abs(high));
}
