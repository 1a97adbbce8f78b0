import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { MapDeck } from "./deck";
import type { Place } from "./spatial";
import { setLasso } from "./useMapState";

const STEP = 4; // pixels between two points of the line
const MOST = 60; // points that go into the address

export interface Spot {
  left: number; // pixels from the map's upper left corner
  top: number;
}

export function spotOf(event: PointerEvent): Spot {
  const box = event.currentTarget.getBoundingClientRect();
  return { left: event.clientX - box.left, top: event.clientY - box.top };
}

/** Draw a line around dots: with the lasso tool, or with Shift held. The pointer is kept from deck.gl meanwhile. */
export function useLasso(deck: MapDeck | null, armed: boolean) {
  const [line, setLine] = useState<Place[] | null>(null);
  const last = useRef({ left: 0, top: 0 });

  const onPointerDownCapture = (event: PointerEvent) => {
    if (deck === null || event.button !== 0 || !(armed || event.shiftKey)) return;
    if (!(event.target instanceof HTMLCanvasElement)) return;
    event.stopPropagation();
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = spotOf(event);
    setLine([deck.unproject(last.current.left, last.current.top)]);
  };
  const onPointerMoveCapture = (event: PointerEvent) => {
    if (deck === null || line === null) return;
    event.stopPropagation();
    const now = spotOf(event);
    if (Math.hypot(now.left - last.current.left, now.top - last.current.top) < STEP) return;
    last.current = now;
    setLine([...line, deck.unproject(now.left, now.top)]);
  };
  const onPointerUpCapture = (event: PointerEvent) => {
    if (line === null) return;
    event.stopPropagation();
    setLine(null);
    setLasso(line.length < 3 ? null : thinned(line));
  };
  useEffect(() => setLine(null), [deck]);
  return { line, handlers: { onPointerDownCapture, onPointerMoveCapture, onPointerUpCapture } };
}

function thinned(line: Place[]): Place[] {
  const step = Math.max(1, line.length / MOST);
  return Array.from({ length: Math.floor(line.length / step) }, (_, at) => line[Math.floor(at * step)] as Place);
}
