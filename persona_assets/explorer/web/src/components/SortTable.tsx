import { type ReactNode, useMemo } from "react";
import { Rows } from "./Rows";
import "./sort-table.css";

export interface SortColumn<R> {
  key: string;
  title: ReactNode;
  hint?: string; // what it is and its unit
  value?: (row: R) => number | string | null; // sorts by it; without, the column does not sort
  cell: (row: R) => ReactNode;
  num?: boolean;
  className?: string;
  wide?: boolean; // a phone has no room for it, until all columns are asked for
}

export interface SortTableProps<R> {
  label: string;
  rows: R[];
  columns: SortColumn<R>[];
  rowKey: (row: R) => string | number;
  sort: string; // a column's key, with `-` in front for the largest first
  setSort: (sort: string) => void;
  marked?: (row: R) => boolean;
  onPoint?: (row: R | null) => void; // the pointer or the focus is in the row
  all?: boolean; // wide columns stand on a phone, too
}

/** A table of some hundred rows that sorts by its heads; what is not known comes last both ways. Its rows are one stop of the tab key. */
export function SortTable<R>(props: SortTableProps<R>) {
  const { label, rows, columns, rowKey, sort, setSort, marked, onPoint, all } = props;
  const sorted = useMemo(() => inOrder(rows, columns, sort), [rows, columns, sort]);
  return (
    <table className={all ? "sort-table all-columns" : "sort-table"} aria-label={label} onMouseLeave={() => onPoint?.(null)}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Head key={column.key} column={column} sort={sort} setSort={setSort} />
          ))}
        </tr>
      </thead>
      <Rows>
        {sorted.map((row) => (
          <tr
            key={rowKey(row)}
            className={marked?.(row) ? "marked" : undefined}
            onMouseEnter={() => onPoint?.(row)}
            onFocus={() => onPoint?.(row)}
          >
            {columns.map((column) => (
              <td key={column.key} className={classOf(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </Rows>
    </table>
  );
}

function Head<R>({ column, sort, setSort }: { column: SortColumn<R>; sort: string; setSort: (sort: string) => void }) {
  const { key, title, hint, value } = column;
  const down = sort === `-${key}`;
  const up = sort === key;
  const className = classOf(column);
  if (value === undefined) {
    return (
      <th scope="col" className={className} title={hint}>
        {title}
      </th>
    );
  }
  return (
    <th scope="col" className={className} aria-sort={down ? "descending" : up ? "ascending" : "none"}>
      <button className="sort" onClick={() => setSort(down ? key : `-${key}`)} title={hint}>
        {title}
        <span className="arrow" aria-hidden="true">
          {down ? "▾" : up ? "▴" : ""}
        </span>
      </button>
    </th>
  );
}

function classOf<R>({ num, className, wide }: SortColumn<R>): string | undefined {
  return [num && "num", wide && "wide", className].filter(Boolean).join(" ") || undefined;
}

function inOrder<R>(rows: R[], columns: SortColumn<R>[], sort: string): R[] {
  const down = sort.startsWith("-");
  const value = columns.find((column) => column.key === sort.replace(/^-/, ""))?.value;
  if (value === undefined) return rows;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    const order = left < right ? -1 : left > right ? 1 : 0;
    return down ? -order : order;
  });
}
