import { type KeyboardEvent, type MouseEvent, useMemo } from "react";
import { fmt } from "../components/format";
import { plainKey } from "../components/plainKey";
import { AxisX, AxisY } from "./Axes";
import { useWidth } from "./hooks";
import { clamp, extent, linear, type Scale } from "./scale";

const HEIGHT = 236;
const MARGIN = { top: 26, right: 16, bottom: 38, left: 52 };

export interface DriftPoint {
  turn: number;
  value: number;
  low: number | null; // of the null band
  high: number | null;
  uncapped: number | null; // the same turn of the conversation as it is, of one under a cap
  plain: { low: number; high: number } | null; // where 95 % of plain conversations have the same turn
}

interface DriftChartProps {
  points: DriftPoint[];
  label: string; // of the score
  chosen: number; // turn
  choose: (turn: number) => void;
  pointed: number | null; // turn, here or in the text
  point: (turn: number | null) => void;
  inView: [number, number] | null; // turns whose text is
}

/** The score of each turn over its null band. A click takes a turn, or the transition that leads to it; so do the arrows. */
export function DriftChart({ points, label, chosen, choose, pointed, point, inView }: DriftChartProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const bottom = HEIGHT - MARGIN.bottom;
  const last = points.length - 1;
  const x = linear([-0.5, last + 0.5], [MARGIN.left, Math.max(MARGIN.left, width - MARGIN.right)]);
  const reach = useMemo(() => extent(points.flatMap((point) => [point.value, point.low, point.high, ...edges(point)])), [points]);
  const y = linear(reach, [bottom, MARGIN.top]).nice(5);
  const at = points[clamp(chosen, 0, last)];
  const onKeyDown = (event: KeyboardEvent) => {
    const key = plainKey(event);
    const to = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: last, PageUp: chosen - 10, PageDown: chosen + 10 }[key];
    if (to === undefined) return;
    event.preventDefault();
    choose(clamp(to, 0, last));
  };
  const turnAt = (event: MouseEvent<SVGSVGElement>) =>
    clamp(Math.round(x.invert(event.clientX - event.currentTarget.getBoundingClientRect().left)), 0, last);
  return (
    <div className="chart drift-chart" ref={box} style={{ height: HEIGHT }}>
      {width > 0 && at && (
        <svg
          width={width}
          height={HEIGHT}
          role="slider"
          tabIndex={0}
          aria-label={`${label} by turn`}
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={at.turn}
          aria-valuetext={`turn ${at.turn}: ${fmt(at.value)}${sideOf(at) === "inside" ? "" : `, ${sideOf(at)} the null band`}`}
          onKeyDown={onKeyDown}
          onClick={(event) => choose(turnAt(event))}
          onPointerMove={(event) => point(turnAt(event))}
          onPointerLeave={() => point(null)}
        >
          <AxisY scale={y} at={MARGIN.left} grid={width - MARGIN.right} label={label} />
          <path className="band" d={bandOf(points, x, y)} />
          <path className="band-edge" d={edgesOf(points, x, y)} />
          <path className="plain-band" d={edgesOf(points.map(onPlainBand), x, y)} />
          <Reader chosen={at.turn} pointed={pointed} inView={inView} x={x} bottom={bottom} />
          <Lines points={points} to={at.turn} x={x} y={y} />
          {points.map((point) => (
            <Mark key={point.turn} point={point} x={x(point.turn)} y={y(point.value)} on={point.turn === at.turn} room={x(1) - x(0)} />
          ))}
          <AxisX scale={x} at={bottom} label="assistant turn" count={Math.min(points.length, Math.floor(width / 60))} />
        </svg>
      )}
    </div>
  );
}

interface ReaderProps extends Pick<DriftChartProps, "chosen" | "pointed" | "inView"> {
  x: Scale;
  bottom: number;
}

/** Where the reader is: the turn that is chosen, the one that is pointed at, and those whose text is in view. */
function Reader({ chosen, pointed, inView, x, bottom }: ReaderProps) {
  const upright = (turn: number) => ({ x1: x(turn), x2: x(turn), y1: MARGIN.top, y2: bottom });
  return (
    <>
      {pointed !== null && <line className="pointed" {...upright(pointed)} />}
      <line className="chosen" {...upright(chosen)} />
      {inView && <line className="in-view" x1={x(inView[0] - 0.5)} x2={x(inView[1] + 0.5)} y1={bottom} y2={bottom} />}
    </>
  );
}

interface LinesProps {
  points: DriftPoint[];
  to: number;
  x: Scale;
  y: Scale;
}

/** The score from turn to turn, and that of the conversation without a cap. */
function Lines({ points, to, x, y }: LinesProps) {
  return (
    <>
      <path className="uncapped" d={lineOf(points, x, y, (point) => point.uncapped)} />
      <path className="line" d={lineOf(points, x, y, (point) => point.value)} />
      <Transition points={points} to={to} x={x} y={y} />
    </>
  );
}

/** The step into the chosen turn, drawn heavier. */
function Transition({ points, to, x, y }: LinesProps) {
  const [from, end] = [points[to - 1], points[to]];
  if (!from || !end) return null;
  return (
    <line
      className={end.value < from.value ? "step away" : "step"}
      x1={x(from.turn)}
      y1={y(from.value)}
      x2={x(end.turn)}
      y2={y(end.value)}
    />
  );
}

/** A disc inside the band, a triangle that points down below it and up above it. */
function Mark({ point, x, y, on, room }: { point: DriftPoint; x: number; y: number; on: boolean; room: number }) {
  const side = sideOf(point);
  const size = clamp(room / 2, 1.5, 3.5);
  const className = `mark ${side}${on ? " on" : ""}`;
  const title = <title>{`turn ${point.turn}: ${fmt(point.value)}`}</title>;
  if (side === "inside") {
    return (
      <circle className={className} cx={x} cy={y} r={on ? 5 : size}>
        {title}
      </circle>
    );
  }
  const r = on ? 6 : size + 1;
  const way = side === "below" ? 1 : -1;
  return (
    <path className={className} d={`M${x - r} ${y - way * r * 0.7}h${2 * r}L${x} ${y + way * r}Z`}>
      {title}
    </path>
  );
}

export function sideOf({ value, low, high }: DriftPoint): "inside" | "below" | "above" {
  if (low !== null && value < low) return "below";
  return high !== null && value > high ? "above" : "inside";
}

/** What the chart has to hold beside the score and its band. */
function edges({ plain, uncapped }: DriftPoint): (number | null)[] {
  return plain ? [plain.low, plain.high, uncapped] : [uncapped];
}

/** The point with the band of plain conversations in the place of its own. */
function onPlainBand(point: DriftPoint): DriftPoint {
  return { ...point, low: point.plain?.low ?? null, high: point.plain?.high ?? null };
}

/** A line through the points that have the value. */
function lineOf(points: DriftPoint[], x: Scale, y: Scale, value: (point: DriftPoint) => number | null): string {
  const known = points.flatMap((point) => {
    const at = value(point);
    return at === null ? [] : [`${x(point.turn)} ${y(at)}`];
  });
  return known.map((at, i) => `${i ? "L" : "M"}${at}`).join("");
}

/** One closed outline a run of turns that have a band; each turn's reaches half a step to either side. */
function bandOf(points: DriftPoint[], x: Scale, y: Scale): string {
  return points
    .flatMap(({ turn, low, high }) =>
      low === null || high === null ? [] : [`M${x(turn - 0.5)} ${y(high)}H${x(turn + 0.5)}V${y(low)}H${x(turn - 0.5)}Z`],
    )
    .join("");
}

/** The upper and the lower edge of each turn's band. */
function edgesOf(points: DriftPoint[], x: Scale, y: Scale): string {
  const edge = (turn: number, at: number) => `M${x(turn - 0.5)} ${y(at)}H${x(turn + 0.5)}`;
  return points.flatMap(({ turn, low, high }) => (low === null || high === null ? [] : [edge(turn, low), edge(turn, high)])).join("");
}
