import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { clamp } from "../../charts/scale";
import { isNumeric, short, whole, widths } from "../../components/cells";
import { plainKey } from "../../components/plainKey";
import { useRowWindow } from "../../components/useRowWindow";
import { useStudy } from "../../data/StudyContext";
import type { SqlResult } from "../../generated/contract";
import { navigate } from "../../router/router";
import { type LinkOf, linksOf } from "./linked";

const ROW = 24; // pixels
const TEXT = 0.93; // of a digit's width: the average letter's

interface Place {
  row: number;
  column: number;
}

/**
 * The rows in view of up to a thousand; the arrows move from cell to cell, and the cell's whole value stands below.
 * Features, roles, responses and conversations are links: a click follows one, and so does Enter.
 */
export function ResultTable({ result }: { result: SqlResult }) {
  const { columns, rows } = result;
  const id = useId();
  const study = useStudy();
  const linkOf = useMemo(() => linksOf(result, study), [result, study]);
  const { box, first, last, at, setAt, onKeyDown } = useChosen(id, result, linkOf);
  const template = useMemo(() => templateOf(result), [result]);
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
              linkOf={linkOf}
              place={first + step}
              template={template}
              chosen={at?.row === first + step ? at.column : null}
              choose={setAt}
            />
          ))}
        </div>
      </div>
      {rows.length === 0 && <p className="sql-status muted">The answer has these columns and no rows.</p>}
      {at !== null && <Value result={result} at={at} link={linkOf(at.row, at.column)} close={() => setAt(null)} />}
    </>
  );
}

/** The columns' widths: each has room for what is longest in it, in digits where it holds numbers. */
function templateOf(result: SqlResult): string {
  const width = (size: number, at: number) => (isNumeric(result.columns[at]?.type ?? "") ? size : Math.ceil(size * TEXT));
  return widths(result)
    .map((size, at) => `calc(${width(size, at)}ch + 18px)`)
    .join(" ");
}

/** The rows in view, and the cell that the arrows have reached. */
function useChosen(id: string, { columns, rows }: SqlResult, linkOf: LinkOf) {
  const { box, first, last, reveal, target } = useRowWindow(rows.length, ROW, ROW + 16);
  const [at, setAt] = useState<Place | null>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = at ?? { row: -1, column: 0 };
    const key = plainKey(event);
    const link = key === "Enter" && event.target === event.currentTarget ? linkOf(row, column) : null;
    if (link !== null) return navigate(link);
    const aside = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const to = aside === undefined ? target(key, row) : rows.length === 0 ? undefined : Math.max(0, row);
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
  linkOf: LinkOf;
  place: number;
  template: string; // the columns' widths
  chosen: number | null; // column
  choose: (at: Place) => void;
}

function Row({ id, row, columns, linkOf, place, template, chosen, choose }: RowProps) {
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
          <Linked to={linkOf(place, column)}>{short(value)}</Linked>
        </div>
      ))}
    </div>
  );
}

/** Text of a cell; the table is one stop of the tab key, so that its links are none. */
function Linked({ to, children }: { to: string | null; children: string }) {
  if (to === null) return <bdi>{children}</bdi>;
  return (
    <a href={to} tabIndex={-1}>
      <bdi>{children}</bdi>
    </a>
  );
}

interface ValueProps {
  result: SqlResult;
  at: Place;
  link: string | null;
  close: () => void;
}

function Value({ result, at, link, close }: ValueProps) {
  const column = result.columns[at.column];
  return (
    <section className="cell-value" aria-label="The chosen cell">
      <header>
        <b className="untrusted">{column?.name}</b>
        <span className="muted">
          row {at.row + 1}, {column?.type.toLowerCase()}
        </span>
        {link !== null && <a href={link}>open its page</a>}
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
