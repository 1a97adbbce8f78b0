/** Finding dots by place without asking the graphics card: a grid of buckets over the positions. */
export interface Place {
  x: number;
  y: number;
}

export interface Bounds {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

const PER_CELL = 4;

export class SpatialIndex {
  readonly bounds: Bounds;
  private readonly places: Float32Array;
  private readonly shown: (row: number) => boolean;
  private readonly cells: number; // a side
  private readonly start: Int32Array; // of each cell in `rows`
  private readonly rows: Int32Array;

  constructor(places: Float32Array, shown: (row: number) => boolean = () => true) {
    this.places = places;
    this.shown = shown;
    this.bounds = boundsOf(places);
    const n = places.length / 2;
    this.cells = Math.max(1, Math.ceil(Math.sqrt(n / PER_CELL)));
    this.start = new Int32Array(this.cells * this.cells + 1);
    this.rows = new Int32Array(n);
    this.fill(n);
  }

  private fill(n: number): void {
    const cellOf = new Int32Array(n);
    for (let row = 0; row < n; row++) {
      const cell = this.cellAt(this.places[2 * row] as number, this.places[2 * row + 1] as number);
      cellOf[row] = cell;
      this.start[cell + 1] = (this.start[cell + 1] as number) + 1;
    }
    for (let cell = 0; cell < this.start.length - 1; cell++) {
      this.start[cell + 1] = (this.start[cell + 1] as number) + (this.start[cell] as number);
    }
    const next = this.start.slice();
    for (let row = 0; row < n; row++) {
      const cell = cellOf[row] as number;
      this.rows[next[cell] as number] = row;
      next[cell] = (next[cell] as number) + 1;
    }
  }

  private column(x: number): number {
    const { left, right } = this.bounds;
    return clamp(Math.floor(((x - left) / (right - left || 1)) * this.cells), this.cells);
  }

  private line(y: number): number {
    const { bottom, top } = this.bounds;
    return clamp(Math.floor(((y - bottom) / (top - bottom || 1)) * this.cells), this.cells);
  }

  private cellAt(x: number, y: number): number {
    return this.line(y) * this.cells + this.column(x);
  }

  /** Call `visit` for every shown dot in a box. */
  within(box: Bounds, visit: (row: number, x: number, y: number) => void): void {
    for (let line = this.line(box.bottom); line <= this.line(box.top); line++) {
      const from = line * this.cells + this.column(box.left);
      const to = line * this.cells + this.column(box.right);
      for (let at = this.start[from] as number; at < (this.start[to + 1] as number); at++) {
        const row = this.rows[at] as number;
        const x = this.places[2 * row] as number;
        const y = this.places[2 * row + 1] as number;
        const inside = x >= box.left && x <= box.right && y >= box.bottom && y <= box.top;
        if (inside && this.shown(row)) visit(row, x, y);
      }
    }
  }

  /** The nearest shown dot within `reach` of a place, or null. */
  nearest({ x, y }: Place, reach: number): number | null {
    let best: number | null = null;
    let least = reach * reach;
    this.within({ left: x - reach, right: x + reach, bottom: y - reach, top: y + reach }, (row, dotX, dotY) => {
      const distance = (dotX - x) ** 2 + (dotY - y) ** 2;
      if (distance <= least) [best, least] = [row, distance];
    });
    return best;
  }

  /** The nearest shown dot within 45° of a direction (unit steps in x and y), or null at the map's edge. */
  towards(row: number, [stepX, stepY]: readonly [number, number]): number | null {
    const x = this.places[2 * row] as number;
    const y = this.places[2 * row + 1] as number;
    let best: number | null = null;
    let least = Infinity;
    this.within(this.bounds, (other, otherX, otherY) => {
      const along = (otherX - x) * stepX + (otherY - y) * stepY;
      const across = Math.abs((otherX - x) * stepY - (otherY - y) * stepX);
      if (other === row || along <= 0 || across > along) return;
      const distance = along + 2 * across;
      if (distance < least) [best, least] = [other, distance];
    });
    return best;
  }

  /** The shown dots inside a closed line, in order of rows. */
  inside(line: Place[]): number[] {
    const found: number[] = [];
    if (line.length < 3) return found;
    this.within(boundsOf(Float32Array.from(line.flatMap(({ x, y }) => [x, y]))), (row, x, y) => {
      if (isInside(line, x, y)) found.push(row);
    });
    return found.sort((a, b) => a - b);
  }
}

function clamp(cell: number, cells: number): number {
  return Math.min(cells - 1, Math.max(0, Number.isNaN(cell) ? 0 : cell));
}

/** The smallest box around the places that are known. */
export function boundsOf(places: Float32Array): Bounds {
  const box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (let at = 0; at < places.length; at += 2) {
    const x = places[at] as number;
    const y = places[at + 1] as number;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.bottom = Math.min(box.bottom, y);
    box.top = Math.max(box.top, y);
  }
  return box.left === Infinity ? { left: 0, right: 1, bottom: 0, top: 1 } : box;
}

/** Even-odd rule. */
function isInside(line: Place[], x: number, y: number): boolean {
  let inside = false;
  let before = line[line.length - 1] as Place;
  for (const here of line) {
    const crosses = here.y > y !== before.y > y;
    if (crosses && x < ((before.x - here.x) * (y - here.y)) / (before.y - here.y) + here.x) inside = !inside;
    before = here;
  }
  return inside;
}
