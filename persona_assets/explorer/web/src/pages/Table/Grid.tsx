import { type CSSProperties, type KeyboardEvent, useEffect, useId, useState } from "react";
import { FeatureLink, Label, RoleLink } from "../../components/links";
import { plainKey } from "../../components/plainKey";
import { useRowWindow } from "../../components/useRowWindow";
import { Worth } from "../../components/Worth";
import type { FeatureTable } from "../../generated/contract";
import { href, navigate } from "../../router/router";
import type { Cell, Column } from "./columns";
import { HeadHistogram } from "./HeadHistogram";
import { type Query, setSort } from "./query";

const ROW = 26; // pixels
const HEAD = 48; // with the histograms

/** The rows in view of a table of any length. Arrow keys move, Enter opens the feature. */
export function Grid({ table, rows, query }: { table: FeatureTable; rows: Int32Array; query: Query }) {
  const id = useId();
  const { box, first, last, active, setActive, onKeyDown } = useActive(table, rows);
  const style = {
    gridTemplateColumns: query.columns.map(({ key, width }) => (key === "label" ? `minmax(${width}px, 1fr)` : `${width}px`)).join(" "),
  };
  const minWidth = query.columns.reduce((sum, column) => sum + column.width, 0);
  const drawn = active !== null && active >= first && active < last;
  return (
    <div
      ref={box}
      className="grid"
      role="grid"
      aria-label="Features"
      aria-rowcount={rows.length + 1}
      aria-colcount={query.columns.length}
      aria-activedescendant={drawn ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className="grid-row grid-head" role="row" aria-rowindex={1} style={{ ...style, minWidth, height: HEAD }}>
        {query.columns.map((column) => (
          <Head key={column.key} column={column} query={query} table={table} rows={rows} />
        ))}
      </div>
      <div role="rowgroup" style={{ height: rows.length * ROW, minWidth }} className="grid-body">
        {Array.from(rows.subarray(first, last), (row, step) => (
          <Row
            key={row}
            id={`${id}-${first + step}`}
            table={table}
            row={row}
            columns={query.columns}
            at={first + step}
            active={first + step === active}
            style={style}
            choose={setActive}
          />
        ))}
      </div>
    </div>
  );
}

/** The rows in view, and the one that the arrows have reached. */
function useActive(table: FeatureTable, rows: Int32Array) {
  const { box, first, last, reveal, target } = useRowWindow(rows.length, ROW, HEAD);
  const [active, setActive] = useState<number | null>(null);

  useEffect(() => {
    setActive(null);
    if (box.current) box.current.scrollTop = 0;
  }, [box, rows]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const key = plainKey(event);
    const to = target(key, active ?? -1);
    if (to !== undefined) {
      setActive(to);
      reveal(to);
    } else if (key === "Enter" && active !== null) navigate(href("feature", table.feature_id[rows[active] as number] ?? null));
    else return;
    event.preventDefault();
  };
  return { box, first, last, active, setActive, onKeyDown };
}

function Head({ column, query, table, rows }: { column: Column; query: Query; table: FeatureTable; rows: Int32Array }) {
  const sorted = query.sort.key === column.key;
  // Numbers are first asked for from the largest, names from A.
  const descending = sorted ? !query.sort.descending : column.kind !== "text" && column.key !== "feature_id";
  const arrow = sorted && (
    <span aria-hidden="true" className="arrow">
      {query.sort.descending ? "↓" : "↑"}
    </span>
  );
  return (
    <div
      role="columnheader"
      className={column.kind === "number" ? "num" : ""}
      aria-sort={sorted ? (query.sort.descending ? "descending" : "ascending") : "none"}
    >
      <button title={column.help} onClick={() => setSort(column.key, descending)}>
        {column.kind === "number" && arrow}
        {column.title}
        {column.kind !== "number" && arrow}
      </button>
      {column.format && column.key !== "feature_id" && (
        <HeadHistogram title={column.title} values={table[column.key] as (number | null)[]} rows={rows} format={column.format} />
      )}
    </div>
  );
}

interface RowProps {
  id: string;
  table: FeatureTable;
  row: number;
  columns: Column[];
  at: number; // its place in the order
  active: boolean;
  style: CSSProperties;
  choose: (at: number) => void;
}

function Row({ id, table, row, columns, at, active, style, choose }: RowProps) {
  return (
    <div
      id={id}
      className={active ? "grid-row active" : "grid-row"}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={active}
      style={{ ...style, top: at * ROW, height: ROW }}
      onClick={() => choose(at)}
    >
      {columns.map((column) => (
        <div key={column.key} role="gridcell" className={column.kind === "number" ? "num" : "ellipsis"}>
          <Value column={column} value={table[column.key]?.[row] ?? null} of={table.feature_id[row]} />
        </div>
      ))}
    </div>
  );
}

function Value({ column, value, of }: { column: Column; value: Cell; of: number | undefined }) {
  if (column.key === "feature_id") return <FeatureLink id={value as number} />;
  if (column.key === "label") {
    return (
      <span className="label-and-worth">
        <Label text={value as string | null} />
        {value !== null && <Worth of={of} />}
      </span>
    );
  }
  if (column.key === "preferred_role") return value === null ? "–" : <RoleLink role={value as string} />;
  if (column.kind === "flag") return value ? "yes" : <span className="faint">no</span>;
  return column.format?.(value as number | null) ?? null;
}
