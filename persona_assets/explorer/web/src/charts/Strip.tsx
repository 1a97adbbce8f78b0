import { type FocusEvent, type KeyboardEvent, useMemo, useRef, useState } from "react";
import { fmt } from "../components/format";
import { plainKey } from "../components/plainKey";
import { useStudy } from "../data/StudyContext";
import { href } from "../router/router";
import { AxisX } from "./Axes";
import { useWidth } from "./hooks";
import { clamp, extent, linear, type Scale } from "./scale";

const MARGIN = 14;
const ENDS = 3; // roles that are named at each end
const LETTER = 6.4; // pixels, about
const LINE = 13;
const MANY = 100; // roles, from which the dots are smaller

interface Placed {
  role: string;
  position: number;
  x: number;
  y: number; // away from the middle
  low: number | null; // of the position's interval
  high: number | null;
}

interface StripProps {
  positions: { role: string; position: number | null; position_low: number | null; position_high: number | null }[];
  marked?: string | undefined; // a role to single out
  label: string;
}

/**
 * All roles on one axis, dots stacked where they would hide each other; each dot is a link to its role. Those that stand
 * alone at the ends have their names beside them.
 */
export function Strip({ positions, marked, label }: StripProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const { anchor } = useStudy();
  const [named, setNamed] = useState<string | null>(null);
  const known = useMemo(() => inOrder(positions), [positions]);
  const radius = known.length > MANY ? 2.5 : 3.5;
  const scale = linear(extent(known.flatMap(ends)), [MARGIN, Math.max(MARGIN, width - MARGIN)]);
  const placed = useMemo(() => (width > 0 ? stacked(known, scale, radius) : []), [known, width]);
  const reach = Math.max(radius * 3, ...placed.map((one) => Math.abs(one.y))) + radius;
  const middle = 22 + reach;
  const ringed = placed.find((one) => one.role === marked);
  const shown = placed.find((one) => one.role === (named ?? marked));
  const stop = (shown ?? placed[0])?.role;
  return (
    <div className="chart strip" ref={box}>
      {width > 0 && (
        <svg width={width} height={middle + reach + 36} role="group" aria-label={`${label}: ${known.length} roles`}>
          {shown && <Name of={shown} width={width} />}
          <AxisX scale={scale} at={middle + reach + 2} count={Math.floor(width / 90)} />
          <Dots {...{ placed, middle, radius, stop, setNamed }} />
          {[ringed, shown].map((one, at) => one && <Interval key={at} of={one} scale={scale} y={middle + one.y} />)}
          {ringed && (
            <circle className={marked === anchor ? "marked anchor" : "marked"} cx={ringed.x} cy={middle + ringed.y} r={radius + 2} />
          )}
          <Outliers placed={placed} but={shown} width={width} radius={radius} middle={middle} />
          <End roles={known.slice(0, ENDS)} y={middle + reach + 33} room={width / 2} />
          <End roles={known.slice(-ENDS).reverse()} y={middle + reach + 33} room={width / 2} width={width} />
        </svg>
      )}
    </div>
  );
}

interface DotsProps {
  placed: Placed[];
  middle: number;
  radius: number;
  stop: string | undefined; // the role whose dot the tab key reaches
  setNamed: (role: string | null) => void;
}

/** The dots as links; the arrows go from one to the next. */
function Dots({ placed, middle, radius, stop, setNamed }: DotsProps) {
  const { anchor } = useStudy();
  const group = useRef<SVGGElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[plainKey(event)];
    if (step === undefined) return;
    event.preventDefault();
    const next = placed.findIndex((one) => one.role === stop) + step;
    group.current?.querySelectorAll<SVGAElement>("a")[next]?.focus();
  };
  const leave = (event: FocusEvent) => group.current?.contains(event.relatedTarget) || setNamed(null);
  return (
    <g ref={group} onKeyDown={onKeyDown} onBlur={leave} onMouseLeave={() => setNamed(null)}>
      {placed.map((one) => (
        <a
          key={one.role}
          href={href("role", one.role)}
          tabIndex={one.role === stop ? 0 : -1}
          aria-label={`${one.role}: ${said(one)}`}
          onFocus={() => setNamed(one.role)}
          onMouseEnter={() => setNamed(one.role)}
        >
          <circle className={one.role === anchor ? "anchor" : undefined} cx={one.x} cy={middle + one.y} r={radius} />
        </a>
      ))}
    </g>
  );
}

/** The roles at the left end, or at the right where the `width` is given: the outermost first, as many as there is room for. */
function End({ roles, y, room, width }: { roles: { role: string }[]; y: number; room: number; width?: number }) {
  const right = width !== undefined;
  const names = roles.map((one) => one.role);
  while (names.length > 1 && (names.join(", ").length + 3) * LETTER > room) names.pop();
  const said = (right ? names.reverse() : names).join(", ");
  return (
    <text className="end" x={width ?? 0} y={y} textAnchor={right ? "end" : "start"}>
      {right ? `${said} →` : `← ${said}`}
    </text>
  );
}

interface OutliersProps {
  placed: Placed[];
  but: Placed | undefined; // it has its name elsewhere
  width: number;
  radius: number;
  middle: number;
}

/** The names of the first and last roles by position, above their dots, where they cover no dot and no other name. */
function Outliers({ placed, but, width, radius, middle }: OutliersProps) {
  const boxes: { one: Placed; left: number; right: number; bottom: number }[] = [];
  for (const one of [...placed.slice(0, ENDS), ...placed.slice(-ENDS).reverse()]) {
    const wide = one.role.length * LETTER;
    const left = clamp(one.x - wide / 2, 0, Math.max(0, width - wide));
    const box = { one, left, right: left + wide, bottom: one.y - radius - 3 };
    const isOver = (dot: Placed) =>
      dot.x + radius > box.left && dot.x - radius < box.right && dot.y + radius > box.bottom - LINE && dot.y - radius < box.bottom;
    const meets = boxes.some(
      (other) => other.left < box.right + 4 && box.left < other.right + 4 && Math.abs(other.bottom - box.bottom) < LINE,
    );
    if (one !== but && !meets && !placed.some(isOver)) boxes.push(box);
  }
  return boxes.map(({ one, left, bottom }) => (
    <text key={one.role} className="outlier" x={left} y={middle + bottom - 2} aria-hidden="true">
      {one.role}
    </text>
  ));
}

function Name({ of: one, width }: { of: Placed; width: number }) {
  const anchor = one.x < 80 ? "start" : one.x > width - 80 ? "end" : "middle";
  return (
    <text className="name" x={one.x} y={12} textAnchor={anchor} aria-hidden="true">
      {one.role} {said(one)}
    </text>
  );
}

function Interval({ of: one, scale, y }: { of: Placed; scale: Scale; y: number }) {
  if (one.low === null || one.high === null) return null;
  return <line className="interval" x1={scale(one.low)} x2={scale(one.high)} y1={y} y2={y} />;
}

function ends({ position, low, high }: Known): number[] {
  return [position, low ?? position, high ?? position];
}

function said({ position, low, high }: Known): string {
  return low === null || high === null ? fmt(position) : `${fmt(position)} (${fmt(low)} to ${fmt(high)})`;
}

type Known = Pick<Placed, "role" | "position" | "low" | "high">;

function inOrder(positions: StripProps["positions"]): Known[] {
  const known = positions.flatMap(({ role, position, position_low: low, position_high: high }) =>
    position === null ? [] : [{ role, position, low, high }],
  );
  return known.sort((a, b) => a.position - b.position);
}

/** Each dot at its place, moved up or down by as little as keeps it clear of those before it. */
function stacked(known: Known[], scale: Scale, radius: number): Placed[] {
  const gap = 2 * radius + 0.5;
  const placed: Placed[] = [];
  for (const one of known) {
    const x = scale(one.position);
    const near = placed.filter((other) => x - other.x < gap);
    const clear = (y: number) => near.every((other) => Math.hypot(x - other.x, y - other.y) >= gap);
    let y = 0;
    for (let step = 1; !clear(y); step++) y = (step % 2 ? 1 : -1) * Math.ceil(step / 2) * (gap / 4);
    placed.push({ ...one, x, y });
  }
  return placed;
}
