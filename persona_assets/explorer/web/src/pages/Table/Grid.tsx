import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { FeatureLink, Label, RoleLink } from "../../components/links";
import { useScrollWindow } from "../../components/useScrollWindow";
import type { FeatureTable } from "../../contract";
import { href, navigate } from "../../router/router";
import type { Cell, Column } from "./columns";
import { type Query, setSort } from "./query";

const ROW = 26; // pixels
const OVERSCAN = 8;

/** The rows in view of a table of any length. Arrow keys move, Enter opens the feature. */
export function Grid({ table, rows, query }: { table: FeatureTable; rows: Int32Array; query: Query }) {
  const id = useId();
  const [box, window] = useScrollWindow(800);
  const [active, setActive] = useState<number | null>(null);

  useEffect(() => {
    setActive(null);
    if (box.current) box.current.scrollTop = 0;
  }, [box, rows]);

  const go = (to: number) => {
    const element = box.current;
    if (element === null || rows.length === 0) return;
    const at = Math.min(rows.length - 1, Math.max(0, to));
    setActive(at);
    const room = element.clientHeight - 2 * ROW; // less the head
    if (at * ROW < element.scrollTop) element.scrollTop = at * ROW;
    else if (at * ROW > element.scrollTop + room) element.scrollTop = at * ROW - room;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const from = active ?? -1;
    const page = Math.floor(window.height / ROW) - 2;
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: rows.length - 1 }[
      event.key
    ];
    if (to !== undefined) go(to);
    else if (event.key === "Enter" && active !== null) navigate(href("feature", table.feature_id[rows[active] as number] ?? null));
    else return;
    event.preventDefault();
  };

  const first = Math.max(0, Math.floor(window.top / ROW) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((window.top + window.height) / ROW) + OVERSCAN);
  const gridTemplateColumns = query.columns.map(({ key, width }) => (key === "label" ? `minmax(${width}px, 1fr)` : `${width}px`)).join(" ");
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
      <div className="grid-row grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns, minWidth }}>
        {query.columns.map((column) => (
          <Head key={column.key} column={column} query={query} />
        ))}
      </div>
      <div role="rowgroup" style={{ height: rows.length * ROW, minWidth }} className="grid-body">
        {Array.from(rows.subarray(first, last), (row, step) => (
          <div
            key={row}
            id={`${id}-${first + step}`}
            className={first + step === active ? "grid-row active" : "grid-row"}
            role="row"
            aria-rowindex={first + step + 2}
            aria-selected={first + step === active}
            style={{ gridTemplateColumns, top: (first + step) * ROW, height: ROW }}
            onClick={() => setActive(first + step)}
          >
            {query.columns.map((column) => (
              <div key={column.key} role="gridcell" className={column.kind === "number" ? "num" : "ellipsis"}>
                <Value column={column} value={table[column.key]?.[row] ?? null} />
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Head({ column, query }: { column: Column; query: Query }) {
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
    </div>
  );
}

function Value({ column, value }: { column: Column; value: Cell }) {
  if (column.key === "feature_id") return <FeatureLink id={value as number} />;
  if (column.key === "label") return <Label text={value as string | null} />;
  if (column.key === "preferred_role") return value === null ? "–" : <RoleLink role={value as string} />;
  if (column.kind === "flag") return value ? "yes" : <span className="faint">no</span>;
  return column.format?.(value as number | null) ?? null;
}
