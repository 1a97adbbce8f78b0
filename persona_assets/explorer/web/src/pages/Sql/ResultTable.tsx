import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { useScrollWindow } from "../../components/useScrollWindow";
import type { SqlResult } from "../../contract";
import { isNumeric, short, whole, widths } from "./cells";

const ROW = 24; // pixels
const CHARACTER = 7; // pixels, about
const OVERSCAN = 8;

interface Place {
  row: number;
  column: number;
}

/** The rows in view of up to a thousand; the arrows move from cell to cell, and the cell's whole value stands below. */
export function ResultTable({ result }: { result: SqlResult }) {
  const { columns, rows } = result;
  const id = useId();
  const [box, view] = useScrollWindow(400);
  const [at, setAt] = useState<Place | null>(null);
  const sizes = useMemo(() => widths(result), [result]);
  const template = useMemo(() => sizes.map((size) => `${size * CHARACTER + 16}px`).join(" "), [sizes]);

  const go = (to: Place) => {
    setAt(to);
    const element = box.current!;
    const top = to.row * ROW;
    const seen = element.clientHeight - 2 * ROW - 16;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top > element.scrollTop + seen) element.scrollTop = top - seen;
    document.getElementById(`${id}-h${to.column}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = at ?? { row: -1, column: 0 };
    const page = Math.max(1, Math.floor(view.height / ROW) - 3);
    const moves: Record<string, Place> = {
      ArrowDown: { row: row + 1, column },
      ArrowUp: { row: row - 1, column },
      ArrowRight: { row, column: column + 1 },
      ArrowLeft: { row, column: column - 1 },
      PageDown: { row: row + page, column },
      PageUp: { row: row - page, column },
      Home: { row: 0, column },
      End: { row: rows.length - 1, column },
    };
    const to = moves[event.key];
    if (to === undefined || rows.length === 0) return;
    event.preventDefault();
    go({ row: bound(to.row, rows.length), column: bound(to.column, columns.length) });
  };
  const first = Math.max(0, Math.floor(view.top / ROW) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + OVERSCAN);
  const drawn = at !== null && at.row >= first && at.row < last;
  return (
    <>
      <div
        className="result"
        ref={box}
        role="grid"
        tabIndex={0}
        aria-label="Rows of the answer"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={drawn ? `${id}-${at.row}-${at.column}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div className="result-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          {columns.map(({ name, type }, place) => (
            <div
              key={place}
              id={`${id}-h${place}`}
              role="columnheader"
              className={isNumeric(type) ? "num" : undefined}
              title={`${name} ${type}`}
            >
              <bdi>{name}</bdi>
              <span className="result-type">{type.toLowerCase()}</span>
            </div>
          ))}
        </div>
        <div role="rowgroup" className="result-body" style={{ height: rows.length * ROW }}>
          {rows.slice(first, last).map((row, step) => {
            const place = first + step;
            return (
              <div
                key={place}
                role="row"
                aria-rowindex={place + 2}
                className="result-row"
                style={{ top: place * ROW, gridTemplateColumns: template }}
              >
                {row.map((value, column) => (
                  <div
                    key={column}
                    id={`${id}-${place}-${column}`}
                    role="gridcell"
                    className={classOf(value, columns[column]?.type ?? "")}
                    aria-selected={at?.row === place && at.column === column}
                    onClick={() => setAt({ row: place, column })}
                  >
                    <bdi>{short(value)}</bdi>
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {rows.length === 0 && <p className="sql-status muted">The answer has these columns and no rows.</p>}
      {at !== null && <Value result={result} at={at} close={() => setAt(null)} />}
    </>
  );
}

function Value({ result, at, close }: { result: SqlResult; at: Place; close: () => void }) {
  const column = result.columns[at.column];
  return (
    <section className="cell-value" aria-label="The chosen cell">
      <header>
        <b className="untrusted">{column?.name}</b>
        <span className="muted">
          row {at.row + 1}, {column?.type.toLowerCase()}
        </span>
        <button className="plain" onClick={close}>
          close
        </button>
      </header>
      <pre className="untrusted" dir="auto" tabIndex={0}>
        {whole(result.rows[at.row]?.[at.column])}
      </pre>
    </section>
  );
}

function bound(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, place));
}

function classOf(value: unknown, type: string): string {
  if (value === null) return isNumeric(type) ? "cell null num" : "cell null";
  return isNumeric(type) ? "cell num" : "cell";
}
