const CELL = 12; // pixels

/** Points in cells of a grid, so that the nearest is found without looking at all. */
export class PointIndex {
  readonly x: Float32Array;
  readonly y: Float32Array;
  private readonly columns: number;
  private readonly cells = new Map<number, number[]>();

  constructor(x: Float32Array, y: Float32Array, width: number) {
    this.x = x;
    this.y = y;
    this.columns = Math.ceil(width / CELL) + 1;
    for (let i = 0; i < x.length; i++) {
      const key = this.key(Math.floor(x[i]! / CELL), Math.floor(y[i]! / CELL));
      const cell = this.cells.get(key);
      if (cell) cell.push(i);
      else this.cells.set(key, [i]);
    }
  }

  /** The points in the cells that touch the square of `reach` around the place. */
  *around(x: number, y: number, reach: number): Generator<number> {
    for (let row = Math.floor((y - reach) / CELL); row <= Math.floor((y + reach) / CELL); row++)
      for (let column = Math.floor((x - reach) / CELL); column <= Math.floor((x + reach) / CELL); column++)
        yield* this.cells.get(this.key(column, row)) ?? [];
  }

  private key(column: number, row: number): number {
    return row * this.columns + column;
  }
}

/** The point nearest to the place, if it is within `reach` pixels. */
export function nearest(index: PointIndex, x: number, y: number, reach: number): number | null {
  let [best, distance] = [null as number | null, reach];
  for (const i of index.around(x, y, reach)) {
    const away = Math.hypot(index.x[i]! - x, index.y[i]! - y);
    if (away > distance) continue;
    [best, distance] = [i, away];
  }
  return best;
}
