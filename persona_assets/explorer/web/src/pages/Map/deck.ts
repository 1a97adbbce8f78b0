/** deck.gl with nothing but dots: one view, one layer, the camera as plain numbers. */
import { Deck, OrthographicView } from "@deck.gl/core";
import { type Dots, DotsLayer } from "./DotsLayer";
import type { Bounds, Place } from "./spatial";
import type { View } from "./useMapState";

interface Camera {
  target: [number, number, number];
  zoom: number;
}

const MIN_ZOOM = -8;
const MAX_ZOOM = 16;

export class MapDeck {
  private readonly deck: Deck<OrthographicView>;
  private readonly parent: HTMLDivElement;
  private readonly listeners = new Set<() => void>();
  private readonly resizes: ResizeObserver;
  private view: View = { x: 0, y: 0, zoom: 0 };
  private fitted: Bounds | null = null; // what is shown whole, however the window changes

  /** `fail` is told where the browser has no WebGL 2. */
  constructor(parent: HTMLDivElement, fail: (reason: string) => void) {
    this.parent = parent;
    this.deck = new Deck<OrthographicView>({
      parent,
      views: new OrthographicView({ flipY: false }),
      viewState: camera(this.view),
      controller: { keyboard: false, dragRotate: false, touchRotate: false, scrollZoom: { speed: 0.008, smooth: false } },
      layers: [],
      deviceProps: { type: "webgl", webgl: { antialias: false } }, // the dots soften their own edges
      getCursor: ({ isDragging }) => (isDragging ? "grabbing" : "default"),
      onAfterRender: () => this.rendered(),
      onViewStateChange: ({ viewState }) => this.moved(viewState as unknown as Camera),
      onError: (error) => fail(error.message),
    });
    this.resizes = new ResizeObserver(() => (this.fitted ? this.fitTo(this.fitted) : this.tell()));
    this.resizes.observe(parent);
  }

  draw(dots: Dots): void {
    this.deck.setProps({ layers: [new DotsLayer({ id: "dots", dots })] });
  }

  /** The first frames may be drawn before the canvas has its size: the dots are shown from the right one on. */
  private rendered(): void {
    if (Math.abs(this.deck.width - this.parent.clientWidth) <= 1) this.parent.dataset.drawn = "yes";
  }

  private moved({ target, zoom }: Camera): void {
    this.setView({ x: target[0], y: target[1], zoom: Number(zoom) });
  }

  setView(view: View): void {
    this.fitted = null;
    this.look(view);
  }

  /** Show a box whole, and keep it so until the camera is moved. */
  fitTo(bounds: Bounds): void {
    this.fitted = bounds;
    this.look(viewOf(bounds, this.size));
  }

  get isFitted(): boolean {
    return this.fitted !== null;
  }

  private look(view: View): void {
    this.view = { ...view, zoom: Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, view.zoom)) };
    this.deck.setProps({ viewState: camera(this.view) });
    this.tell();
  }

  readonly getView = (): View => this.view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private tell(): void {
    this.view = { ...this.view };
    for (const listener of this.listeners) listener();
  }

  get size(): { width: number; height: number } {
    return { width: this.parent.clientWidth, height: this.parent.clientHeight };
  }

  /** Pixels from the upper left corner -> the map's coordinates. */
  unproject(left: number, top: number): Place {
    const scale = 2 ** this.view.zoom;
    const { width, height } = this.size;
    return { x: this.view.x + (left - width / 2) / scale, y: this.view.y - (top - height / 2) / scale };
  }

  destroy(): void {
    this.resizes.disconnect();
    this.deck.finalize();
  }
}

function camera({ x, y, zoom }: View): Camera {
  return { target: [x, y, 0], zoom };
}

/** The map's coordinates -> pixels from the upper left corner. */
export function project({ x, y }: Place, view: View, size: { width: number; height: number }): { left: number; top: number } {
  const scale = 2 ** view.zoom;
  return { left: size.width / 2 + (x - view.x) * scale, top: size.height / 2 - (y - view.y) * scale };
}

/** The view that shows a box whole, with a margin. */
function viewOf({ left, right, bottom, top }: Bounds, size: { width: number; height: number }): View {
  const scale = Math.min(size.width / (right - left || 1), size.height / (top - bottom || 1)) * 0.9;
  return { x: (left + right) / 2, y: (bottom + top) / 2, zoom: Math.log2(scale || 1) };
}
