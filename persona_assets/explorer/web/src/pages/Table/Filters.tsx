import { useEffect, useState } from "react";
import { useStudy } from "../../data/StudyContext";
import { setParams } from "../../router/router";
import { COLUMNS, columnOf, type Key } from "./columns";
import { type Bounds, type Query, setBounds, setColumns } from "./query";

const NUMBERS = COLUMNS.filter((column) => column.kind === "number");

export function Filters({ query }: { query: Query }) {
  const { roles } = useStudy();
  const free = NUMBERS.filter((column) => query.bounds.every((one) => one.key !== column.key));
  const change = (at: number, bounds: Bounds | null) =>
    setBounds(query.bounds.flatMap((one, place) => (place !== at ? [one] : bounds === null ? [] : [bounds])));
  return (
    <div className="filters" role="search" aria-label="Filter the features">
      <TextFilter text={query.text} />
      <select aria-label="Preferred role" value={query.role} onChange={(event) => setParams({ role: event.target.value })}>
        <option value="">Any preferred role</option>
        {roles.map(({ role }) => (
          <option key={role}>{role}</option>
        ))}
      </select>
      <label className="check">
        <input type="checkbox" checked={query.onMap} onChange={(event) => setParams({ map: event.target.checked ? "only" : null })} />
        On the map
      </label>
      {query.bounds.map((bounds, at) => (
        <RangeFilter key={bounds.key} bounds={bounds} change={(next) => change(at, next)} />
      ))}
      <select
        aria-label="Add a range"
        value=""
        onChange={(event) => setBounds([...query.bounds, { key: event.target.value as Key, low: null, high: null }])}
      >
        <option value="">+ Range</option>
        {free.map((column) => (
          <option key={column.key} value={column.key}>
            {column.title}
          </option>
        ))}
      </select>
    </div>
  );
}

function TextFilter({ text }: { text: string }) {
  return (
    <input
      type="search"
      className="text-filter"
      placeholder="Words of a label, or an id"
      aria-label="Words of a label, or an id"
      value={text}
      onChange={(event) => setParams({ text: event.target.value }, { replace: true })}
    />
  );
}

function RangeFilter({ bounds, change }: { bounds: Bounds; change: (next: Bounds | null) => void }) {
  const title = columnOf(bounds.key)?.title ?? bounds.key;
  return (
    <span className="range" role="group" aria-label={`Range of ${title}`}>
      <End label={`${title}, at least`} value={bounds.low} set={(low) => change({ ...bounds, low })} />
      <span>≤ {title} ≤</span>
      <End label={`${title}, at most`} value={bounds.high} set={(high) => change({ ...bounds, high })} />
      <button className="plain" onClick={() => change(null)} aria-label={`Remove the range of ${title}`}>
        ×
      </button>
    </span>
  );
}

/** A number as it is typed: what is no number yet stays in the field and filters nothing. */
function End({ label, value, set }: { label: string; value: number | null; set: (value: number | null) => void }) {
  const [typed, setTyped] = useState(value === null ? "" : String(value));
  useEffect(() => {
    setTyped((now) =>
      now.trim() !== "" && Number(now) === value ? now : value === null ? (Number.isNaN(Number(now)) ? now : "") : String(value),
    );
  }, [value]);
  const wrong = typed.trim() !== "" && Number.isNaN(Number(typed));
  const type = (text: string) => {
    setTyped(text);
    set(text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text));
  };
  return (
    <input
      type="text"
      inputMode="decimal"
      aria-label={label}
      aria-invalid={wrong}
      value={typed}
      onChange={(event) => type(event.target.value)}
    />
  );
}

/** Which columns are shown. */
export function ColumnChoice({ query }: { query: Query }) {
  const shown = new Set(query.columns.map((column) => column.key));
  const toggle = (key: Key) =>
    setColumns(COLUMNS.map((column) => column.key).filter((one) => (one === key ? !shown.has(one) : shown.has(one))));
  return (
    <details className="menu">
      <summary>Columns</summary>
      <div className="menu-body" role="group" aria-label="Columns">
        {COLUMNS.map((column) => (
          <label key={column.key} className="check" title={column.help}>
            <input
              type="checkbox"
              disabled={column.key === "feature_id"}
              checked={shown.has(column.key)}
              onChange={() => toggle(column.key)}
            />
            {column.title}
          </label>
        ))}
      </div>
    </details>
  );
}
