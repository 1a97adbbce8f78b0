import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { clamp } from "../../charts/scale";
import { isNumeric, short, whole, widths } from "../../components/cells";
import { useRowWindow } from "../../components/useRowWindow";
import type { SqlResult } from "../../generated/contract";

const ROW = 24; // pixels
const CHARACTER = 7; // pixels, about

interface Place {
  row: number;
  column: number;
}

/** The rows in view of up to a thousand; the arrows move from cell to cell, and the cell's whole value stands below. */
export function ResultTable({ result }: { result: SqlResult }) {
  const { columns, rows } = result;
  const id = useId();
  const { box, first, last, at, setAt, onKeyDown } = useChosen(id, result);
  const sizes = useMemo(() => widths(result), [result]);
  const template = useMemo(() => sizes.map((size) => `${size * CHARACTER + 16}px`).join(" "), [sizes]);
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
          <Heads id={id} columns={columns} />
        </div>
        <div role="rowgroup" className="result-body" style={{ height: rows.length * ROW }}>
          {rows.slice(first, last).map((row, step) => (
            <Row
              key={first + step}
              id={`${id}-${first + step}`}
              row={row}
              columns={columns}
              place={first + step}
              template={template}
              chosen={at?.row === first + step ? at.column : null}
              choose={setAt}
            />
          ))}
        </div>
      </div>
      {rows.length === 0 && <p className="sql-status muted">The answer has these columns and no rows.</p>}
      {at !== null && <Value result={result} at={at} close={() => setAt(null)} />}
    </>
  );
}

/** The rows in view, and the cell that the arrows have reached. */
function useChosen(id: string, { columns, rows }: SqlResult) {
  const { box, first, last, reveal, target } = useRowWindow(rows.length, ROW, ROW + 16);
  const [at, setAt] = useState<Place | null>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = at ?? { row: -1, column: 0 };
    const aside = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = aside === undefined ? target(event.key, row) : rows.length === 0 ? undefined : Math.max(0, row);
    if (to === undefined) return;
    event.preventDefault();
    const place = { row: to, column: clamp(column + (aside ?? 0), 0, columns.length - 1) };
    setAt(place);
    reveal(place.row);
    document.getElementById(`${id}-h${place.column}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  return { box, first, last, at, setAt, onKeyDown };
}

function Heads({ id, columns }: { id: string; columns: SqlResult["columns"] }) {
  return columns.map(({ name, type }, place) => (
    <div key={place} id={`${id}-h${place}`} role="columnheader" className={isNumeric(type) ? "num" : undefined} title={`${name} ${type}`}>
      <bdi>{name}</bdi>
      <span className="result-type">{type.toLowerCase()}</span>
    </div>
  ));
}

interface RowProps {
  id: string;
  row: SqlResult["rows"][number];
  columns: SqlResult["columns"];
  place: number;
  template: string; // the columns' widths
  chosen: number | null; // column
  choose: (at: Place) => void;
}

function Row({ id, row, columns, place, template, chosen, choose }: RowProps) {
  return (
    <div role="row" aria-rowindex={place + 2} className="result-row" style={{ top: place * ROW, gridTemplateColumns: template }}>
      {row.map((value, column) => (
        <div
          key={column}
          id={`${id}-${column}`}
          role="gridcell"
          className={classOf(value, columns[column]?.type ?? "")}
          aria-selected={column === chosen}
          onClick={() => choose({ row: place, column })}
        >
          <bdi>{short(value)}</bdi>
        </div>
      ))}
    </div>
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

function classOf(value: unknown, type: string): string {
  if (value === null) return isNumeric(type) ? "cell null num" : "cell null";
  return isNumeric(type) ? "cell num" : "cell";
}
