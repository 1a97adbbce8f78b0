import { type ReactNode, useMemo } from "react";
import type { Scale } from "../../charts/scale";
import { Choices } from "../../components/Choices";
import { ContrastNote, contrastColumns, effectScale, firstEffect, playedEffect } from "../../components/contrastColumns";
import { count, fmt, percent } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { lengthColumns } from "../../components/lengthColumns";
import { FeatureLink } from "../../components/links";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import { FEATURE_ORDERS, SAYS } from "../../generated/columns";
import type { FeatureInOrder, FeatureOfRole, RolePage } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { useParam } from "../../router/router";

const PLOT = 150;
const FEW = new Set(["feature", "lift", "score", "effect", "plot", "auroc", "wordings", "q", "played-effect", "rate"]); // what a screen has room for

const SIDES = { more: "▲ more than others", less: "▼ less than others" };

const FIRST = FEATURE_ORDERS[0];
type Row = FeatureOfRole | FeatureInOrder;

/** What characterizes the role: its own features and those it lacks, or the first in another order, which a live server alone gives. */
export function Characteristic({ role, sae }: { role: RolePage; sae: string }) {
  const { live } = useStudy();
  const [asked, setBy] = useParam("by", FIRST);
  const by = FEATURE_ORDERS.find((order) => order === asked) ?? FIRST;
  const choice = live && role.features.length > 0 && (
    <label className="order-choice">
      order{" "}
      <select value={by} onChange={(event) => setBy(event.target.value, { push: true })}>
        {FEATURE_ORDERS.map((order) => (
          <option key={order}>{order}</option>
        ))}
      </select>
    </label>
  );
  return by === FIRST || !live ? <BothSides role={role} choice={choice} /> : <InOrder role={role} sae={sae} by={by} choice={choice} />;
}

/** The features by which the role differs from the others, those it has more of or those it has less of. */
function BothSides({ role, choice }: { role: RolePage; choice: ReactNode }) {
  const [side, setSide] = useParam("side", "more");
  const rows = useMemo(
    () => role.features.filter((one) => (side === "more" ? (one.effect ?? 0) >= 0 : (one.effect ?? 0) < 0)),
    [role.features, side],
  );
  return (
    <Features role={role} rows={rows} note="what the role has more of by AUROC's lower end, and it alone has, first" empty={noneOf(role)}>
      {choice}
      <Choices label="Which side" of={SIDES} chosen={side} choose={(one) => setSide(one, { push: true })} />
    </Features>
  );
}

function InOrder({ role, sae, by, choice }: { role: RolePage; sae: string; by: string; choice: ReactNode }) {
  const found = useResource<FeatureInOrder[]>(paths.roleInOrder(sae, role.role, by));
  const told = by === "lift" || by === "score" ? by : null;
  return (
    <Loaded of={found} what="the features" shape="table">
      {(rows) => (
        <Features role={role} rows={rows} note={`the first ${rows.length} by ${by}`} empty="No feature fires." told={told}>
          {choice}
        </Features>
      )}
    </Loaded>
  );
}

interface FeaturesProps {
  role: RolePage;
  rows: Row[];
  note: string;
  empty: string;
  told?: "lift" | "score" | null; // what orders them, where no other column shows it
  children: ReactNode;
}

function Features({ role, rows, note, empty, told = null, children }: FeaturesProps) {
  const columns = useMemo(() => columnsOf(effectScale(rows, PLOT), role, rows, told), [rows, role, told]);
  return (
    <SortSection
      title="Characteristic features"
      note={`${note}; effect against the middle half of the other roles, on the same questions, with its 95 % interval; square-root axis`}
      className="characteristic-section"
      aside={children}
      box="characteristic"
      label="Characteristic features"
      rows={rows}
      columns={columns}
      few={FEW}
      rowKey={(row) => row.feature_id}
      first="" // as they are served
      empty={<Empty title="None">{empty}</Empty>}
    >
      <ContrastNote />
    </SortSection>
  );
}

function noneOf(role: RolePage): string {
  if (role.excluded) return "The role is left out of comparisons.";
  return role.features.length === 0 ? "The role's answers have not been read or compared yet." : "No feature differs in this direction.";
}

function columnsOf(scale: Scale, { role, n_wordings, findings }: RolePage, rows: Row[], told: "lift" | "score" | null): SortColumn<Row>[] {
  return [
    {
      key: "feature",
      title: "feature",
      className: "grow",
      value: (row) => row.feature_id,
      cell: (row) => <FeatureLink id={row.feature_id} label={row.label} params={{ role }} />,
    },
    ...(told === null ? [] : [orderedBy(told)]),
    ...contrastColumns<Row>(scale, { nWordings: () => n_wordings, level: () => findings?.level ?? null }),
    ...lengthColumns<Row>((row) => row),
    ...playedEffect(rows),
    ...firstEffect(rows),
    {
      key: "rank",
      title: "rank",
      hint: SAYS.role_contrasts.role_rank,
      num: true,
      value: (row) => row.role_rank,
      cell: (row) => count(row.role_rank),
    },
    {
      key: "rate",
      title: "fires in",
      hint: "share of the role's responses",
      num: true,
      wide: true,
      value: (row) => row.firing_rate,
      cell: (row) => percent(row.firing_rate),
    },
  ];
}

function orderedBy(told: "lift" | "score"): SortColumn<Row> {
  const value = (row: Row) => (told in row ? (row as FeatureInOrder)[told] : null);
  return { key: told, title: told, num: true, value, cell: (row) => fmt(value(row)) };
}
