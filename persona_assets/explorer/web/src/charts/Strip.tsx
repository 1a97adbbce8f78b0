import { type FocusEvent, type KeyboardEvent, useMemo, useRef, useState } from "react";
import { fmt } from "../components/format";
import { href } from "../router/router";
import { AxisX } from "./Axes";
import { useWidth } from "./hooks";
import { extent, linear, type Scale } from "./scale";

const MARGIN = 14;
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

/** All roles on one axis, dots stacked where they would hide each other; each dot is a link to its role. */
export function Strip({ positions, marked, label }: StripProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const [named, setNamed] = useState<string | null>(null);
  const group = useRef<SVGGElement>(null);
  const known = useMemo(() => inOrder(positions), [positions]);
  const radius = known.length > MANY ? 2.5 : 3.5;
  const scale = linear(extent(known.flatMap(ends)), [MARGIN, Math.max(MARGIN, width - MARGIN)]);
  const placed = useMemo(() => (width > 0 ? stacked(known, scale, radius) : []), [known, width]);
  const reach = Math.max(radius * 3, ...placed.map((one) => Math.abs(one.y))) + radius;
  const middle = 22 + reach;
  const ringed = placed.find((one) => one.role === marked);
  const shown = placed.find((one) => one.role === (named ?? marked));
  const stop = (shown ?? placed[0])?.role;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = placed.findIndex((one) => one.role === stop) + step;
    group.current?.querySelectorAll<SVGAElement>("a")[next]?.focus();
  };
  const leave = (event: FocusEvent) => group.current?.contains(event.relatedTarget) || setNamed(null);
  return (
    <div className="chart strip" ref={box}>
      {width > 0 && (
        <svg width={width} height={middle + reach + 36} role="group" aria-label={`${label}: ${known.length} roles`}>
          {shown && <Name of={shown} width={width} />}
          <AxisX scale={scale} at={middle + reach + 2} count={Math.floor(width / 90)} />
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
                <circle cx={one.x} cy={middle + one.y} r={radius} />
              </a>
            ))}
          </g>
          {[ringed, shown].map((one, at) => one && <Interval key={at} of={one} scale={scale} y={middle + one.y} />)}
          {ringed && <circle className="marked" cx={ringed.x} cy={middle + ringed.y} r={radius + 2} />}
          <End roles={known.slice(0, 3)} y={middle + reach + 33} />
          <End roles={known.slice(-3)} y={middle + reach + 33} width={width} />
        </svg>
      )}
    </div>
  );
}

/** The roles at the left end, or at the right where the `width` is given. */
function End({ roles, y, width }: { roles: { role: string }[]; y: number; width?: number }) {
  const names = roles.map((one) => one.role).join(", ");
  return (
    <text className="end" x={width ?? 0} y={y} textAnchor={width === undefined ? "start" : "end"}>
      {width === undefined ? `← ${names}` : `${names} →`}
    </text>
  );
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
