import { useMemo } from "react";
import { SignedBar } from "../../charts/SignedBar";
import { fmt } from "../../components/format";
import { FeatureLink } from "../../components/links";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
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
  const columns = useMemo(() => columnsOf(a, b, pairs, labels), [a, b, pairs, labels]);
  return (
    <SortSection
      title="What tells them apart"
      note={`the ${rows.length} largest differences of the ${short}`}
      className="differences-section"
      box="differences"
      label={`Features that tell ${a} and ${b} apart`}
      rows={rows}
      columns={columns}
      rowKey={(row) => pairs.ids[row]!}
      first="-size"
      marked={(row) => row === on}
      onPoint={setOn}
    />
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
      cell: (row) => {
        const share = -difference(row) / largest; // to the left where the first role has more, as on the choice above
        const label = share === 0 ? "no difference" : `more in ${share < 0 ? a : b}`;
        return <SignedBar share={share} half={HALF} sides={["of-a", "of-b"]} label={label} />;
      },
    },
  ];
}
