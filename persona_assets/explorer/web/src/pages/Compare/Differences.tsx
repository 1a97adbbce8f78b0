import { useMemo } from "react";
import { IntervalAxis, TwoIntervals } from "../../charts/Interval";
import { SignedBar } from "../../charts/SignedBar";
import { effectScale } from "../../components/contrastColumns";
import { fmt, UNKNOWN } from "../../components/format";
import { FeatureLink } from "../../components/links";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { SAYS } from "../../generated/columns";
import type { FeaturesOfRole } from "../../generated/contract";
import type { Pairs } from "./pairs";

const HALF = 30; // pixels of the largest difference's bar
const PLOT = 130; // and of the intervals

interface DifferencesProps {
  a: string;
  b: string;
  tables: [FeaturesOfRole, FeaturesOfRole];
  pairs: Pairs;
  rows: number[];
  labels: Map<number, string>;
  on: number | null;
  setOn: (row: number | null) => void;
  short: string;
}

/** The features with the largest differences, the largest first, whichever role has more. */
export function Differences({ a, b, tables, pairs, rows, labels, on, setOn, short }: DifferencesProps) {
  const columns = useMemo(
    () => [...columnsOf(a, b, pairs, labels), ...claimColumns(tables, pairs, rows)],
    [a, b, tables, pairs, rows, labels],
  );
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
    >
      <p className="footnote">
        Whiskers: the effect of either role against the other roles with its 95 % interval, {a} above and {b} below; none where too few
        firings are expected. Wordings: in how many of its wordings the role is on its AUROC’s side of ½, {a} first.
      </p>
    </SortSection>
  );
}

/** How sure either role's own effect is, and in how many wordings it holds. */
function claimColumns(tables: [FeaturesOfRole, FeaturesOfRole], { at }: Pairs, rows: number[]): SortColumn<number>[] {
  const claims = (row: number) => tables.map((table, side) => claimOf(table, at[row]![side as 0 | 1]));
  const scale = effectScale(
    rows.flatMap(claims).filter((one) => one !== null),
    PLOT,
  );
  return [
    {
      key: "intervals",
      title: (
        <>
          <span className="hidden-label">effects with their intervals</span>
          <IntervalAxis scale={scale} />
        </>
      ),
      className: "plot-cell",
      cell: (row) => <TwoIntervals scale={scale} of={claims(row)} sides={["of-a", "of-b"]} />,
    },
    {
      key: "wordings",
      title: "wordings",
      hint: SAYS.role_contrasts.n_wordings_agree,
      num: true,
      cell: (row) =>
        claims(row)
          .map((one) => one?.n_wordings_agree ?? UNKNOWN)
          .join(" · "),
    },
  ];
}

interface Claim {
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
  n_wordings_agree: number | null;
}

function claimOf(table: FeaturesOfRole, row: number | null): Claim | null {
  if (row === null) return null;
  return {
    effect: table.effect[row] ?? null,
    effect_low: table.effect_low[row] ?? null,
    effect_high: table.effect_high[row] ?? null,
    n_wordings_agree: table.n_wordings_agree[row] ?? null,
  };
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
