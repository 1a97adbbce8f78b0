import { useMemo } from "react";
import { fmt } from "../../components/format";
import { FeatureLink } from "../../components/links";
import { Section } from "../../components/parts";
import { type SortColumn, SortTable } from "../../components/SortTable";
import { useParam } from "../../router/router";
import type { Pairs } from "./pairs";

const HALF = 40; // pixels of the largest difference's bar

interface DifferencesProps {
  a: string;
  b: string;
  pairs: Pairs;
  rows: number[];
  labels: Map<number, string>;
  on: number | null;
  setOn: (row: number | null) => void;
  short: string;
}

/** The features with the largest differences, the largest first, whichever role has more. */
export function Differences({ a, b, pairs, rows, labels, on, setOn, short }: DifferencesProps) {
  const [sort, setSort] = useParam("sort", "-size");
  const columns = useMemo(() => columnsOf(a, b, pairs, labels), [a, b, pairs, labels]);
  return (
    <Section title="What tells them apart" note={`the ${rows.length} largest differences of the ${short}`} className="differences-section">
      <div className="panel scroll-box differences">
        <SortTable
          label={`Features that tell ${a} and ${b} apart`}
          rows={rows}
          columns={columns}
          rowKey={(row) => pairs.ids[row]!}
          sort={sort}
          setSort={setSort}
          marked={(row) => row === on}
          onPoint={setOn}
        />
      </div>
    </Section>
  );
}

function columnsOf(a: string, b: string, { ids, x, y, order }: Pairs, labels: Map<number, string>): SortColumn<number>[] {
  const difference = (row: number) => x[row]! - y[row]!;
  const largest = order.length > 0 ? Math.abs(difference(order[0]!)) || 1 : 1;
  return [
    {
      key: "feature",
      title: "feature",
      className: "grow",
      value: (row) => ids[row]!,
      cell: (row) => <FeatureLink id={ids[row]!} label={labels.get(ids[row]!) ?? null} params={{ role: difference(row) >= 0 ? a : b }} />,
    },
    { key: "a", title: <bdi className="head-role">{a}</bdi>, num: true, value: (row) => x[row]!, cell: (row) => fmt(x[row]) },
    { key: "b", title: <bdi className="head-role">{b}</bdi>, num: true, value: (row) => y[row]!, cell: (row) => fmt(y[row]) },
    {
      key: "size",
      title: "|Δ|",
      hint: "size of the difference",
      num: true,
      value: (row) => Math.abs(difference(row)),
      cell: (row) => fmt(Math.abs(difference(row))),
    },
    {
      key: "difference",
      title: "Δ",
      hint: `positive: more in ${a}`,
      value: difference,
      cell: (row) => <SideBar t={difference(row) / largest} a={a} b={b} />,
    },
  ];
}

/** A bar to the left where the first role has more, to the right where the second has, as on the choice above. */
function SideBar({ t, a, b }: { t: number; a: string; b: string }) {
  const width = t === 0 ? 0 : Math.max(1, Math.abs(t) * HALF);
  return (
    <svg
      className="side-bar"
      width={2 * HALF + 2}
      height={14}
      role="img"
      aria-label={t === 0 ? "no difference" : `more in ${t > 0 ? a : b}`}
    >
      <rect className={t > 0 ? "of-a" : "of-b"} x={t > 0 ? HALF - width : HALF + 1} y={3} width={width} height={8} />
      <line x1={HALF + 0.5} x2={HALF + 0.5} y1={0} y2={14} />
    </svg>
  );
}
