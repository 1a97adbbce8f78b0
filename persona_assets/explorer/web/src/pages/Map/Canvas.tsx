/** The dots, and what lies over them: rings, names, axes, the lasso, the hover card. */
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTheme } from "../../app/theme";
import { Empty } from "../../components/Loaded";
import { plainKey } from "../../components/plainKey";
import { href, navigate } from "../../router/router";
import { MapDeck } from "./deck";
import { makeDots } from "./dots";
import { HoverCard } from "./HoverCard";
import type { MapModel } from "./model";
import { Overlay } from "./Overlay";
import { lookOf } from "./palette";
import type { SpatialIndex } from "./spatial";
import { type Spot, spotOf, useLasso } from "./useLasso";
import { type MapState, setLasso, setSelected, setView } from "./useMapState";

const REACH = 9; // pixels around the pointer
const CLICK = 4; // pixels a click may wander
const SETTLE_MS = 250;

const STEPS: Record<string, readonly [number, number]> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

interface CanvasProps {
  model: MapModel;
  state: MapState;
  places: Float32Array;
  index: SpatialIndex;
  neighbors: number[]; // rows
  inside: Set<number> | null; // rows the lasso holds
  tool: "pan" | "lasso";
}

export default function Canvas(props: CanvasProps) {
  const { model, state, places, index, inside, tool } = props;
  const parent = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [theme] = useTheme();
  const deck = useMapDeck(parent, index, state, setFailure);
  const look = useMemo(
    () => lookOf(model, { ...state, theme }),
    [model, state.color, state.size, state.opacity, state.highlighted.join(), theme],
  );
  const dots = useMemo(() => makeDots(places, look, inside), [places, look, inside]);
  useEffect(() => deck?.draw(dots), [deck, dots]);
  const lasso = useLasso(deck, tool === "lasso");

  const { hover, handlers } = usePointing(model, index, deck);
  const onKeyDown = (event: KeyboardEvent) => {
    if (deck && event.target === event.currentTarget && onKey(event, deck, props)) event.preventDefault();
  };

  if (failure !== null) {
    return <Empty title="The map cannot be drawn here">It needs WebGL 2: {failure} The list beside it shows the same features.</Empty>;
  }
  return (
    <div
      className={tool === "lasso" ? "canvas lasso" : "canvas"}
      role="application"
      tabIndex={0}
      aria-label={`Map of ${model.n} features, ${state.layout.toUpperCase()}`}
      aria-describedby="map-keys"
      onKeyDown={onKeyDown}
      {...handlers}
      {...lasso.handlers}
    >
      <div className="dots" ref={parent} data-testid="dots" />
      <span id="map-keys" className="hidden-label">
        Arrow keys go from dot to dot, plus and minus zoom, 0 shows everything, Enter opens the feature, Escape clears.
      </span>
      {deck && <Overlay {...props} deck={deck} hover={hover?.row ?? null} drawn={lasso.line} />}
      {hover && <HoverCard model={model} state={state} {...hover} />}
      {deck && <ZoomButtons deck={deck} index={index} />}
    </div>
  );
}

/** The dot under the pointer, and a click that selects it. */
function usePointing(model: MapModel, index: SpatialIndex, deck: MapDeck | null) {
  const [hover, setHover] = useState<{ row: number; left: number; top: number } | null>(null);
  const down = useRef<Spot | null>(null);
  const dotAt = ({ left, top }: Spot) => deck && index.nearest(deck.unproject(left, top), REACH / 2 ** deck.getView().zoom);
  const onPointerMove = (event: PointerEvent) => {
    const here = spotOf(event);
    const row = event.buttons === 0 && event.pointerType !== "touch" ? (dotAt(here) ?? null) : null;
    setHover((before) => (row === null ? null : before?.row === row ? before : { row, ...here }));
  };
  const onPointerDown = (event: PointerEvent) => {
    down.current = spotOf(event);
  };
  const onPointerUp = (event: PointerEvent) => {
    const here = spotOf(event);
    const moved = down.current && Math.hypot(here.left - down.current.left, here.top - down.current.top);
    down.current = null;
    if (event.button === 0 && moved !== null && moved < CLICK) setSelected(model, dotAt(here) ?? null);
  };
  return { hover, handlers: { onPointerMove, onPointerDown, onPointerUp, onPointerLeave: () => setHover(null) } };
}

/** The deck of the element, following the address and writing to it when the camera has come to rest. */
function useMapDeck(
  parent: { current: HTMLDivElement | null },
  index: SpatialIndex,
  state: MapState,
  fail: (reason: string) => void,
): MapDeck | null {
  const [deck, setDeck] = useState<MapDeck | null>(null);
  const written = useRef<string>("");
  useEffect(() => {
    const element = parent.current;
    if (element === null) return;
    const made = new MapDeck(element, fail);
    setDeck(made);
    return () => {
      setDeck(null);
      made.destroy();
    };
  }, [parent, fail]);

  const asked = state.view && [state.view.x, state.view.y, state.view.zoom].join();
  useEffect(() => {
    if (deck === null || (asked !== null && asked === written.current)) return;
    written.current = asked ?? "";
    if (state.view === null) deck.fitTo(index.bounds);
    else deck.setView(state.view);
  }, [deck, asked, index]);

  useEffect(() => {
    if (deck === null) return;
    let timer = 0;
    let before = deck.getView();
    const unsubscribe = deck.subscribe(() => {
      const view = deck.getView();
      const moved = view.x !== before.x || view.y !== before.y || view.zoom !== before.zoom;
      before = view;
      if (!moved) return;
      clearTimeout(timer);
      timer = window.setTimeout(() => (written.current = setView(deck.isFitted ? null : view)), SETTLE_MS);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [deck]);
  return deck;
}

/** Whether the key meant something to the map. */
function onKey(event: KeyboardEvent, deck: MapDeck, { model, state, index }: CanvasProps): boolean {
  const key = plainKey(event);
  const step = STEPS[key];
  const view = deck.getView();
  if (step !== undefined) {
    const from = state.selected;
    const next = from === null ? index.nearest(view, Infinity) : index.towards(from, step);
    if (next !== null) setSelected(model, next, { replace: true });
  } else if (key === "+" || key === "=") deck.setView({ ...view, zoom: view.zoom + 0.5 });
  else if (key === "-") deck.setView({ ...view, zoom: view.zoom - 0.5 });
  else if (key === "0") deck.fitTo(index.bounds);
  else if (key === "Escape") {
    if (state.selected !== null) setSelected(model, null);
    else setLasso(null);
  } else if (key === "Enter" && state.selected !== null) navigate(href("feature", model.ids[state.selected] ?? null));
  else return false;
  return true;
}

function ZoomButtons({ deck, index }: { deck: MapDeck; index: SpatialIndex }) {
  const by = (step: number) => deck.setView({ ...deck.getView(), zoom: deck.getView().zoom + step });
  return (
    <div className="zoom" onPointerDown={(event) => event.stopPropagation()} onPointerUp={(event) => event.stopPropagation()}>
      <button onClick={() => by(0.5)} aria-label="Zoom in">
        +
      </button>
      <button onClick={() => by(-0.5)} aria-label="Zoom out">
        −
      </button>
      <button onClick={() => deck.fitTo(index.bounds)} aria-label="Show everything" title="Show everything">
        ⤢
      </button>
    </div>
  );
}
