import { useMemo } from "react";
import type { Scale } from "../../charts/scale";
import { ContrastNote, contrastColumns, effectScale, playedEffect } from "../../components/contrastColumns";
import { count, percent } from "../../components/format";
import { Empty } from "../../components/Loaded";
import { lengthColumns } from "../../components/lengthColumns";
import { FeatureLink } from "../../components/links";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { SAYS } from "../../generated/columns";
import type { FeatureOfRole, RolePage } from "../../generated/contract";
import { useParam } from "../../router/router";

const PLOT = 150;

/** The features by which the role differs from the mean of all roles, those it has more of and those it has less of. */
export function Characteristic({ role }: { role: RolePage }) {
  const [side, setSide] = useParam("side", "more");
  const rows = useMemo(
    () => role.features.filter((one) => (side === "more" ? (one.effect ?? 0) >= 0 : (one.effect ?? 0) < 0)),
    [role.features, side],
  );
  const columns = useMemo(() => columnsOf(effectScale(rows, PLOT), role, rows), [rows, role]);
  return (
    <SortSection
      title="Characteristic features"
      note="what the role surely and it alone has first; effect against the middle half of the other roles, on the same questions, with its 95 % interval; square-root axis"
      className="characteristic-section"
      aside={
        <span className="choices" role="group" aria-label="Which side">
          <button aria-pressed={side === "more"} onClick={() => setSide("more", { push: true })}>
            ▲ more than others
          </button>
          <button aria-pressed={side === "less"} onClick={() => setSide("less", { push: true })}>
            ▼ less than others
          </button>
        </span>
      }
      box="characteristic"
      label="Characteristic features"
      rows={rows}
      columns={columns}
      rowKey={(row) => row.feature_id}
      first="" // as they are served
      empty={<Empty title="None">{noneOf(role)}</Empty>}
    >
      <ContrastNote />
    </SortSection>
  );
}

function noneOf(role: RolePage): string {
  if (role.excluded) return "The role is left out of comparisons.";
  return role.features.length === 0 ? "The role's answers have not been read or compared yet." : "No feature differs in this direction.";
}

function columnsOf(scale: Scale, { role, n_wordings }: RolePage, rows: FeatureOfRole[]): SortColumn<FeatureOfRole>[] {
  return [
    {
      key: "feature",
      title: "feature",
      className: "grow",
      value: (row) => row.feature_id,
      cell: (row) => <FeatureLink id={row.feature_id} label={row.label} params={{ role }} />,
    },
    ...contrastColumns<FeatureOfRole>(scale, () => n_wordings),
    ...lengthColumns<FeatureOfRole>((row) => row),
    ...playedEffect(rows),
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
      value: (row) => row.firing_rate,
      cell: (row) => percent(row.firing_rate),
    },
  ];
}
