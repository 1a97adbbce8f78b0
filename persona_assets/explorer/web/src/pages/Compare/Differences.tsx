import { useMemo } from "react";
import { Interval, IntervalAxis } from "../../charts/Interval";
import { effectScale } from "../../components/contrastColumns";
import { fmt, qValue, signedFmt, UNKNOWN } from "../../components/format";
import { FeatureLink } from "../../components/links";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { SAYS } from "../../generated/columns";
import type { FeaturesOfRole } from "../../generated/contract";
import { LEAST_FIRINGS } from "./certainty";
import { MEASURES, type Measure, type Pairs } from "./pairs";

const PLOT = 150; // pixels of the intervals
const FEW = new Set(["feature", "a", "b", "size", "difference", "q"]); // what a screen has room for
const LEVEL = 0.05; // of q: filled up to it

interface DifferencesProps {
  a: string;
  b: string;
  tables: [FeaturesOfRole, FeaturesOfRole];
  pairs: Pairs;
  rows: number[];
  labels: Map<number, string>;
  on: number | null;
  setOn: (row: number | null) => void;
  measure: Measure;
}

/** The features with the largest differences, or the surest, first, whichever role has more. */
export function Differences({ a, b, tables, pairs, rows, labels, on, setOn, measure }: DifferencesProps) {
  const columns = useMemo(
    () => [...columnsOf(a, b, pairs, labels), ...certainColumns(a, pairs, rows), wordingsColumn(tables, pairs)],
    [a, b, tables, pairs, rows, labels],
  );
  const short = MEASURES[measure].short;
  return (
    <SortSection
      title="What tells them apart"
      note={
        measure === "sure" ? `the ${rows.length} surest differences of the mean` : `the ${rows.length} largest differences of the ${short}`
      }
      className="differences-section"
      box="differences"
      label={`Features that tell ${a} and ${b} apart`}
      rows={rows}
      columns={columns}
      few={FEW}
      rowKey={(row) => pairs.ids[row]!}
      first={measure === "sure" ? "q" : "-size"}
      marked={(row) => row === on}
      onPoint={setOn}
    >
      <p className="footnote">
        Dots and whiskers: the difference of the means with its 95 % interval, to the right where {a} has more; filled where q is at most{" "}
        {LEVEL}. None where fewer than {LEAST_FIRINGS} firings are expected in a role. q: over all features of the two roles, not for how
        many pairs are looked at. Wordings: in how many of its wordings the role is on its AUROC’s side of ½ against all other roles, {a}{" "}
        first.
      </p>
    </SortSection>
  );
}

/** The difference of the means with its interval, and q. */
function certainColumns(a: string, { told }: Pairs, rows: number[]): SortColumn<number>[] {
  const scale = effectScale(
    rows.map((row) => ({ effect: told[row]!.difference, effect_low: told[row]!.low, effect_high: told[row]!.high })),
    PLOT,
  );
  return [
    {
      key: "difference",
      title: (
        <>
          <span className="hidden-label">difference of the means</span>
          <IntervalAxis scale={scale} />
        </>
      ),
      hint: `difference of the means, positive: more in ${a}`,
      className: "plot-cell",
      wide: true,
      cell: (row) => {
        const { difference, low, high, q } = told[row]!;
        return (
          <span title={`${signedFmt(difference)}${low === null ? "" : ` [${signedFmt(low)}, ${signedFmt(high)}]`}`}>
            <Interval scale={scale} value={difference} low={low} high={high} strong={q !== null && q <= LEVEL} />
          </span>
        );
      },
    },
    {
      key: "q",
      title: "q",
      hint: "of no difference between the two means, adjusted for all features of the two roles (Benjamini-Hochberg)",
      num: true,
      value: (row) => told[row]!.q,
      cell: (row) => qValue(told[row]!.q),
    },
  ];
}

/** In how many wordings either role's own difference from the others holds. */
function wordingsColumn(tables: [FeaturesOfRole, FeaturesOfRole], { at }: Pairs): SortColumn<number> {
  const agree = (row: number, side: 0 | 1) => {
    const place = at[row]![side];
    return (place === null ? null : tables[side].n_wordings_agree[place]) ?? UNKNOWN;
  };
  return {
    key: "wordings",
    title: "wordings",
    hint: SAYS.role_contrasts.n_wordings_agree,
    num: true,
    cell: (row) => `${agree(row, 0)} · ${agree(row, 1)}`,
  };
}

function columnsOf(a: string, b: string, { ids, x, y }: Pairs, labels: Map<number, string>): SortColumn<number>[] {
  const difference = (row: number) => x[row]! - y[row]!;
  return [
    {
      key: "feature",
      title: "feature",
      className: "grow",
      value: (row) => ids[row]!,
      cell: (row) => <FeatureLink id={ids[row]!} label={labels.get(ids[row]!) ?? null} params={{ role: difference(row) >= 0 ? a : b }} />,
    },
    { key: "a", title: <bdi className="head-role">{a}</bdi>, num: true, wide: true, value: (row) => x[row]!, cell: (row) => fmt(x[row]) },
    { key: "b", title: <bdi className="head-role">{b}</bdi>, num: true, wide: true, value: (row) => y[row]!, cell: (row) => fmt(y[row]) },
    {
      key: "size",
      title: "Δ",
      hint: `the first number less the second, positive: more in ${a}; sorted by size`,
      num: true,
      value: (row) => Math.abs(difference(row)),
      cell: (row) => signedFmt(difference(row)),
    },
  ];
}
