import { useCallback, useMemo, useState } from "react";
import { Scatter } from "../../charts/Scatter";
import { count, fmt } from "../../components/format";
import { Empty } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { useResource } from "../../data/useResource";
import type { FeaturesOfRole, FeatureTable } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href, navigate, useParam } from "../../router/router";
import { useMeasure } from "./Choices";
import { Differences } from "./Differences";
import { MEASURES, type Pairs, pairsOf } from "./pairs";

const TOLD = 200; // features in the table, and drawn apart in the scatter

interface ComparisonProps {
  sae: string;
  a: string;
  b: string;
  featuresA: FeaturesOfRole;
  featuresB: FeaturesOfRole;
}

/** The features that tell two roles apart, as a table and as dots off the diagonal. */
export function Comparison({ sae, a, b, featuresA, featuresB }: ComparisonProps) {
  const [scale] = useParam("scale", "root");
  const [on, setOn] = useState<number | null>(null);
  const measure = useMeasure();
  const pairs = useMemo(() => pairsOf(featuresA, featuresB, measure), [featuresA, featuresB, measure]);
  const labels = useLabels(sae);
  const rows = useMemo(() => Array.from(pairs.order.slice(0, TOLD)), [pairs]);
  const marked = useMemo(() => sides(pairs, rows), [pairs, rows]);
  const open = useCallback((row: number) => navigate(href("feature", pairs.ids[row]!, { role: a })), [pairs, a]);
  if (pairs.ids.length === 0) {
    return <Empty title="Nothing to compare">{MEASURES[measure].title} is not known of any feature in both roles.</Empty>;
  }
  return (
    <div className="compare-columns">
      <Section title="One against the other" note={`${count(pairs.ids.length)} features`}>
        <div className="panel compare-plot">
          <Scatter
            x={pairs.x}
            y={pairs.y}
            xLabel={`${MEASURES[measure].short} in ${a}`}
            yLabel={`${MEASURES[measure].short} in ${b}`}
            root={scale !== "linear"}
            order={pairs.order}
            marked={marked}
            on={on}
            setOn={setOn}
            onOpen={open}
            height={520}
            label={`Scatter of ${MEASURES[measure].title}: ${a} against ${b}. Arrow keys go through the features by difference, Enter opens one.`}
          />
        </div>
        <Readout a={a} b={b} pairs={pairs} on={on} label={on === null ? "" : (labels.get(pairs.ids[on]!) ?? "")} />
      </Section>
      <Differences
        a={a}
        b={b}
        tables={[featuresA, featuresB]}
        pairs={pairs}
        rows={rows}
        labels={labels}
        on={on}
        setOn={setOn}
        measure={measure}
      />
    </div>
  );
}

function Readout({ a, b, pairs, on, label }: { a: string; b: string; pairs: Pairs; on: number | null; label: string }) {
  return (
    <output className="readout compare-readout" aria-live="polite">
      {on === null ? (
        <span className="faint">
          ● more in {a} · ■ more in {b} · point at a dot, or use the arrow keys; click or Enter opens it
        </span>
      ) : (
        <>
          <b>{pairs.ids[on]}</b> {a} {fmt(pairs.x[on])} · {b} {fmt(pairs.y[on])} <bdi className="label-cut">{label.slice(0, 200)}</bdi>
        </>
      )}
    </output>
  );
}

function useLabels(sae: string): Map<number, string> {
  const table = useResource<FeatureTable>(paths.features(sae));
  const data = table.state === "ready" ? table.data : null;
  return useMemo(() => {
    const labels = new Map<number, string>();
    data?.feature_id.forEach((id, row) => {
      const label = data.label[row];
      if (label) labels.set(id, label);
    });
    return labels;
  }, [data]);
}

/** Which rows are drawn apart: 1 where the second role has more, 2 where the first has. */
function sides({ ids, x, y }: Pairs, rows: number[]): Uint8Array {
  const marked = new Uint8Array(ids.length);
  for (const row of rows) marked[row] = y[row]! > x[row]! ? 1 : x[row]! > y[row]! ? 2 : 0;
  return marked;
}
