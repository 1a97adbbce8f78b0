import { useMemo } from "react";
import type { Scale } from "../../charts/scale";
import { ContrastNote, contrastColumns, effectScale, firstEffect, meanColumn, playedEffect } from "../../components/contrastColumns";
import { useFindRole } from "../../components/FindRole";
import { fixed, fmt, percent } from "../../components/format";
import { lengthColumns } from "../../components/lengthColumns";
import { RoleLink } from "../../components/links";
import { Meter } from "../../components/parts";
import { byRole, Rating } from "../../components/Rating";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import { SAYS } from "../../generated/columns";
import type { Adherence, FeaturePage, LengthOfRole, RoleOfFeature, RolesOverview } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { setParams, useParam } from "../../router/router";

const PLOT = 130; // pixels of the effects' column
const UNKNOWN: Pick<RolesOverview, "adherence" | "findings"> = { adherence: [], findings: [] };
const NO_LENGTHS: LengthOfRole[] = [];
const FIRST = new Set(["role", "rate", "effect", "plot", "auroc", "wordings", "q", "played", "examples"]); // what a screen has room for

/** Every role, not only the strongest: how often it fires there, how strongly, and against the other roles. */
export function RolesOfFeature({ feature, sae }: { feature: FeaturePage; sae: string }) {
  const { anchor, live } = useStudy();
  const shownRole = useParam("role")[0];
  const scale = useMemo(() => effectScale(feature.roles, PLOT), [feature.roles]);
  const withExamples = useMemo(() => new Set(feature.examples.map((one) => one.role)), [feature.examples]);
  const overview = useResource<RolesOverview>(paths.roles(sae));
  const { adherence, findings } = overview.state === "ready" ? overview.data : UNKNOWN;
  const compared = useResource<LengthOfRole[]>(paths.lengths(sae, feature.feature_id));
  const lengths = compared.state === "ready" ? compared.data : NO_LENGTHS;
  const columns = useMemo(
    () => columnsOf(scale, anchor, feature, { adherence, findings, lengths }, (role) => live || withExamples.has(role)),
    [scale, anchor, feature, adherence, findings, lengths, live, withExamples],
  );
  const [rows, finder] = useFindRole(feature.roles);
  return (
    <SortSection
      title="Roles"
      note={`all ${feature.roles.length}; effect against the middle half of the others, with its 95 % interval; square-root axis`}
      aside={feature.roles.length > 20 && finder}
      box="roles-of-feature"
      label="Roles of this feature"
      rows={rows}
      columns={columns}
      few={FIRST}
      rowKey={(row) => row.role}
      first="-rate"
      marked={(row) => row.role === shownRole}
    >
      <details className="how-to-read">
        <summary>how to read it</summary>
        <ContrastNote />
      </details>
    </SortSection>
  );
}

const RATE: SortColumn<RoleOfFeature> = {
  key: "rate",
  title: "fires in",
  hint: "share of the role's responses in which it is above zero on some token",
  num: true,
  value: (row) => row.firing_rate,
  cell: (row) => (
    <span title={`${row.n_active_responses} of ${row.n_responses} responses`}>
      {percent(row.firing_rate)}
      <Meter share={row.firing_rate} />
    </span>
  ),
};

function columnsOf(
  scale: Scale,
  anchor: string,
  feature: FeaturePage,
  { adherence, findings, lengths }: Pick<RolesOverview, "adherence" | "findings"> & { lengths: LengthOfRole[] },
  hasExamples: (role: string) => boolean,
): SortColumn<RoleOfFeature>[] {
  const levels = new Map(findings.map((one) => [one.role, one.level]));
  return [
    {
      key: "role",
      title: "role",
      value: (row) => row.role,
      cell: (row) => (
        <>
          <RoleLink role={row.role} />
          {row.role === anchor && <span className="faint"> anchor</span>}
        </>
      ),
    },
    RATE,
    ...contrastColumns<RoleOfFeature>(scale, { nWordings: (row) => row.n_wordings, level: (row) => levels.get(row.role) ?? null }),
    ...lengthsOf(lengths),
    ...playedEffect(feature.roles),
    ...firstEffect(feature.roles),
    ...(adherence.length > 0 ? [playedColumn(adherence)] : []),
    meanColumn(),
    {
      key: "max",
      title: "max",
      hint: "strongest activation on any token",
      num: true,
      value: (row) => row.max,
      cell: (row) => fmt(row.max),
    },
    {
      key: "examples",
      title: <span className="hidden-label">examples</span>,
      wide: true,
      cell: (row) =>
        hasExamples(row.role) && (
          <button className="plain" onClick={() => showExamples(row.role)} aria-label={`Show responses of ${row.role}`}>
            responses
          </button>
        ),
    },
  ];
}

function lengthsOf(lengths: LengthOfRole[]): SortColumn<RoleOfFeature>[] {
  const of = new Map(lengths.map((one) => [one.role, one]));
  return [
    ...lengthColumns<RoleOfFeature>((row) => of.get(row.role)),
    {
      key: "overlap",
      title: "overlap",
      hint: SAYS.length_contrasts.length_overlap,
      num: true,
      value: (row) => of.get(row.role)?.length_overlap ?? null,
      cell: (row) => fixed(of.get(row.role)?.length_overlap),
    },
  ];
}

function playedColumn(adherence: Adherence[]): SortColumn<RoleOfFeature> {
  const of = byRole(adherence);
  return {
    key: "played",
    title: "played",
    hint: `how well the role is played, says ${adherence[0]?.judge}, on a scale to ${adherence[0]?.highest}`,
    num: true,
    wide: true,
    value: (row) => of.get(row.role)?.rating ?? null,
    cell: (row) => <Rating of={of.get(row.role)} />,
  };
}

function showExamples(role: string): void {
  setParams({ role });
  document.querySelector(".examples")?.scrollIntoView({ block: "start" });
}
