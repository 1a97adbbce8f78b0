import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { fmt } from "../components/format";
import { plainKey } from "../components/plainKey";
import type { Position } from "../generated/contract";
import { AxisX } from "./Axes";
import { useWidth } from "./hooks";
import "./role-line.css";
import { extent, linear, type Scale } from "./scale";
import { outermost, spread } from "./spread";

const NARROW = 640; // pixels, below which each role has a line of its own
const MARGIN = 18;
const NAMES = 104; // height of the slanted names
const NAME_GAP = 15;
const [LANES, LANE] = [9, 8]; // intervals beside each other can be told apart
const [ROW, NAME_WIDTH] = [18, 104];

type Place = Position & { position: number };

interface RoleLineProps {
  positions: Position[];
  anchor: string;
  chosen: string[];
  link: (role: string) => string; // what following a role leads to
  point: (role: string) => void;
}

/** Every role a named dot with its interval along one axis; narrow, each on a line of its own. One stop of the tab key. */
export function RoleLine(props: RoleLineProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const group = useRef<SVGGElement>(null);
  const places = inOrder(props.positions);
  const stop = props.chosen[0] ?? props.anchor;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[plainKey(event)];
    if (step === undefined) return;
    event.preventDefault();
    const dots = [...(group.current?.querySelectorAll<SVGAElement>("a") ?? [])];
    dots[dots.indexOf(document.activeElement as unknown as SVGAElement) + step]?.focus();
  };
  const narrow = width < NARROW;
  const height = narrow ? places.length * ROW + 34 : NAMES + LANES * LANE + 44;
  return (
    <div className={narrow ? "chart role-line narrow" : "chart role-line"} ref={box}>
      {width > 0 && (
        <svg width={width} height={height} role="group" aria-label={`The assistant axis: ${places.length} roles`}>
          <g ref={group} onKeyDown={onKeyDown}>
            {(narrow ? inRows : alongALine)(places, width, props.anchor).map(({ place, drawn }) => (
              <a
                key={place.role}
                href={props.link(place.role)}
                className={kindOf(place.role, props)}
                tabIndex={place.role === stop ? 0 : -1}
                aria-label={`${place.role}: ${said(place)}`}
                aria-current={props.chosen.includes(place.role) || undefined}
                onFocus={() => props.point(place.role)}
                onMouseEnter={() => props.point(place.role)}
              >
                {drawn}
              </a>
            ))}
          </g>
          <AxisX scale={narrow ? rowScale(places, width) : lineScale(places, width)} at={height - 30} count={Math.floor(width / 90)} />
        </svg>
      )}
    </div>
  );
}

/** A role's position with its interval, in words. */
export function said({ position, position_low: low, position_high: high }: Position): string {
  if (position === null) return "no place";
  return low === null || high === null ? fmt(position) : `${fmt(position)} (${fmt(low)} to ${fmt(high)})`;
}

function kindOf(role: string, { anchor, chosen }: RoleLineProps): string {
  const at = chosen.indexOf(role);
  return `${role === anchor ? "anchor" : "role"}${at < 0 ? "" : ` chosen chosen-${at + 1}`}`;
}

function inOrder(positions: Position[]): Place[] {
  const known = positions.filter((one): one is Place => one.position !== null);
  return known.sort((a, b) => a.position - b.position);
}

const reach = (places: Place[]) => extent(places.flatMap((one) => [one.position, one.position_low, one.position_high]));
const lineScale = (places: Place[], width: number) => linear(reach(places), [MARGIN, width - MARGIN]);
const rowScale = (places: Place[], width: number) => linear(reach(places), [NAME_WIDTH + 8, width - MARGIN]);

interface Drawn {
  place: Place;
  drawn: ReactNode;
}

function alongALine(places: Place[], width: number, anchor: string): Drawn[] {
  const scale = lineScale(places, width);
  const room = Math.floor((width - 2 * MARGIN - 40) / NAME_GAP);
  const named = outermost(places.length, room, (i) => places[i]!.role === anchor);
  const wanted = named.map((i) => scale(places[i]!.position));
  const names = spread(wanted, NAME_GAP, MARGIN, width - MARGIN - 60);
  return places.map((place, i) => {
    const [x, y] = [scale(place.position), NAMES + 12 + (i % LANES) * LANE];
    const at = names[named.indexOf(i)];
    return {
      place,
      drawn: (
        <>
          <Whisker of={place} scale={scale} y={y} />
          {at !== undefined && <path className="leader" d={`M${at} ${NAMES}L${x} ${y}`} />}
          <circle className="target" cx={x} cy={y} r={9} />
          <circle className="dot" cx={x} cy={y} r={4} />
          {at !== undefined && (
            <text x={at} y={NAMES - 4} transform={`rotate(-58 ${at} ${NAMES - 4})`}>
              {place.role}
            </text>
          )}
        </>
      ),
    };
  });
}

/** From the top the roles nearest the anchor, each with its name at the left. */
function inRows(places: Place[], width: number): Drawn[] {
  const scale = rowScale(places, width);
  return [...places].reverse().map((place, i) => {
    const y = i * ROW + ROW / 2;
    return {
      place,
      drawn: (
        <>
          <rect className="target" x={0} y={i * ROW} width={width} height={ROW} />
          <text x={NAME_WIDTH} y={y + 4} textAnchor="end">
            {place.role}
          </text>
          <Whisker of={place} scale={scale} y={y} />
          <circle className="dot" cx={scale(place.position)} cy={y} r={4} />
        </>
      ),
    };
  });
}

function Whisker({ of: one, scale, y }: { of: Place; scale: Scale; y: number }) {
  if (one.position_low === null || one.position_high === null) return null;
  return <line className="whisker" x1={scale(one.position_low)} x2={scale(one.position_high)} y1={y} y2={y} />;
}
