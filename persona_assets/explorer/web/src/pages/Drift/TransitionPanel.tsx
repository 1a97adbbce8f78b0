import { useMemo } from "react";
import { SignedBar } from "../../charts/SignedBar";
import { Choices } from "../../components/Choices";
import { count, fmt, percent, signedFmt } from "../../components/format";
import { FeatureLink, Label } from "../../components/links";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { useSae } from "../../data/StudyContext";
import type { DriftFeature, DriftRun, DriftScore, DriftTransition } from "../../generated/contract";
import { useParam } from "../../router/router";

/** Which features of a transition are shown: all, or those that one turn has more, or less, of than the turn before. */
const MOVED = { both: () => true, activated: (row: Row) => row.delta > 0, deactivated: (row: Row) => row.delta < 0 };

const WHICH = { both: "both", activated: "activated", deactivated: "deactivated" };
const ORDERS = { contribution: "by contribution", change: "by change" };

const HALF = 40; // pixels of the largest contribution's bar

interface Row {
  id: number;
  delta: number;
  weight: number;
  contribution: number;
  shareOfChange: number;
  shareOfAway: number;
  feature: DriftFeature | undefined;
}

/** What carried the score from one turn to the next: by contribution, or by size of change alone. */
export function TransitionPanel({ run, transition, score }: { run: DriftRun; transition: DriftTransition; score: DriftScore }) {
  const [by, setBy] = useParam("by", "contribution");
  const [moved, setMoved] = useParam("moved", "both");
  const order = by === "change" ? transition.by_change : transition.by_contribution;
  const covered = by === "change" ? transition.covered.by_change : transition.covered.by_contribution;
  const all = useMemo(() => order.map((place) => rowOf(run, transition, place)), [run, transition, order]);
  const rows = useMemo(() => all.filter(MOVED[Object.hasOwn(MOVED, moved) ? (moved as keyof typeof MOVED) : "both"]), [all, moved]);
  const columns = useMemo(() => columnsOf(rows, run), [rows, run]);
  const change = transition.changes[score];
  return (
    <SortSection
      title={`Turn ${transition.previous} to ${transition.turn}`}
      note={`score ${signedFmt(change)}; away ${fmt(transition.away_mass)}, toward ${fmt(transition.toward_mass)}${
        transition.n_features === null ? "" : `; ${count(transition.n_features)} features changed`
      }`}
      aside={
        <>
          <Choices label="Which features" of={WHICH} chosen={moved} choose={setMoved} />
          <Choices label="Order of the features" of={ORDERS} chosen={by} choose={setBy} />
        </>
      }
      box="drift-features"
      label="Features of this transition"
      rows={rows}
      columns={columns}
      rowKey={(row) => row.id}
      param="order"
      first=""
    >
      <p className="footnote">
        {covered === null
          ? "Which share of the movement these features carry is not known."
          : `The ${all.length} of ${by === "change" ? "the largest change" : "the largest contribution"} carry ${percent(covered)} of the movement (of the sum of all |contribution|).`}{" "}
        {by === "change" && "The largest changes may explain little of it: a feature counts by change × weight on the axis."}
      </p>
    </SortSection>
  );
}

function rowOf(run: DriftRun, { features: f }: DriftTransition, place: number): Row {
  const id = f.feature_id[place] ?? -1;
  return {
    id,
    delta: f.delta[place] ?? 0,
    weight: f.weight[place] ?? 0,
    contribution: f.contribution[place] ?? 0,
    shareOfChange: f.share_of_change[place] ?? 0,
    shareOfAway: f.share_of_away[place] ?? 0,
    feature: run.features[String(id)],
  };
}

function columnsOf(rows: Row[], run: DriftRun): SortColumn<Row>[] {
  const largest = Math.max(1e-12, ...rows.map((row) => Math.abs(row.contribution)));
  return [
    {
      key: "feature",
      title: "feature",
      className: "grow",
      value: (row) => row.id,
      cell: (row) => <Feature id={row.id} label={row.feature?.label ?? null} run={run} />,
    },
    {
      key: "leads",
      title: "leads",
      value: (row) => row.contribution,
      cell: (row) => (
        <span className="leads-cell">
          <SignedBar share={row.contribution / largest} half={HALF} sides={["away", "toward"]} />
          {row.contribution < 0 ? "away" : row.contribution > 0 ? "toward" : "none"}
        </span>
      ),
    },
    {
      key: "contribution",
      title: "contribution",
      hint: "change × weight; over all features they sum to the projection's change",
      num: true,
      value: (row) => Math.abs(row.contribution),
      cell: (row) => signedFmt(row.contribution),
    },
    ...NUMBERS,
    { key: "profile", title: "strongest in", cell: (row) => <Profile feature={row.feature} /> },
  ];
}

const NUMBERS: SortColumn<Row>[] = [
  {
    key: "delta",
    title: "change",
    hint: "of the feature in the turn's vector; sorted, the most activated or the most deactivated come first",
    num: true,
    value: (row) => row.delta,
    cell: (row) => (
      <>
        <span className="faint">{row.delta > 0 ? "activated" : row.delta < 0 ? "deactivated" : ""}</span> {signedFmt(row.delta)}
      </>
    ),
  },
  {
    key: "weight",
    title: "weight",
    hint: "on the axis; positive: assistant-like",
    num: true,
    value: (row) => row.weight,
    cell: (row) => signedFmt(row.weight),
  },
  {
    key: "share",
    title: "of change",
    hint: "|change| over the sum of all |change|",
    num: true,
    value: (row) => row.shareOfChange,
    cell: (row) => percent(row.shareOfChange),
  },
  {
    key: "away",
    title: "of away",
    hint: "share of all that moved away from the assistant",
    num: true,
    value: (row) => row.shareOfAway,
    cell: (row) => (row.shareOfAway > 0 ? percent(row.shareOfAway) : "–"),
  },
];

/** A feature of this study's SAE has a page here; of another's it has one on Neuronpedia, or none. */
function Feature({ id, label, run }: { id: number; label: string | null; run: DriftRun }) {
  const shown = useSae();
  if (run.own_sae !== null) {
    return <FeatureLink id={id} label={label} params={run.own_sae === shown?.sae ? {} : { sae: run.own_sae }} />;
  }
  if (run.neuronpedia === null) return <span className="num">{id}</span>;
  return (
    <span className="feature-and-label">
      <a href={`https://www.neuronpedia.org/${run.neuronpedia}/${id}`} target="_blank" rel="noreferrer noopener" title="On Neuronpedia">
        {id}
        <span aria-hidden="true"> ↗</span>
      </a>
      {label !== null && <Label text={label} />}
    </span>
  );
}

function Profile({ feature }: { feature: DriftFeature | undefined }) {
  if (!feature) return <span className="faint">–</span>;
  if (feature.roles.length === 0) return <bdi className="muted profile">{feature.profile ?? "–"}</bdi>;
  return <span className="muted profile">{feature.roles.map(({ role, share }) => `${role} ${percent(share)}`).join(", ")}</span>;
}
