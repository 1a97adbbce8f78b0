import { useMemo } from "react";
import type { Scale } from "../../charts/scale";
import { contrastColumns, effectScale, meanColumn } from "../../components/contrastColumns";
import { fmt, percent } from "../../components/format";
import { RoleLink } from "../../components/links";
import { Meter, Section } from "../../components/parts";
import { type SortColumn, SortTable } from "../../components/SortTable";
import type { FeaturePage, RoleOfFeature } from "../../contract";
import { useStudy } from "../../data/StudyContext";
import { setParams, useParam } from "../../router/router";

const PLOT = 190; // pixels of the effects' column

/** Every role, not only the strongest: how often it fires there, how strongly, and against the other roles. */
export function RolesOfFeature({ feature }: { feature: FeaturePage }) {
  const [sort, setSort] = useParam("sort", "-rate");
  const [word, setWord] = useParam("find");
  const { anchor, live } = useStudy();
  const shownRole = useParam("role")[0];
  const scale = useMemo(() => effectScale(feature.roles, PLOT), [feature.roles]);
  const withExamples = useMemo(() => new Set(feature.examples.map((one) => one.role)), [feature.examples]);
  const columns = useMemo(() => columnsOf(scale, anchor, (role) => live || withExamples.has(role)), [scale, anchor, live, withExamples]);
  const rows = useMemo(() => feature.roles.filter((row) => row.role.includes(word.trim().toLowerCase())), [feature.roles, word]);
  return (
    <Section
      title="Roles"
      note={`all ${feature.roles.length}; effect against the mean of all roles, question by question, with its 95 % interval; square-root axis`}
      aside={
        feature.roles.length > 20 && (
          <input
            type="search"
            placeholder="find a role"
            aria-label="Find a role"
            value={word}
            onChange={(event) => setWord(event.target.value)}
          />
        )
      }
    >
      <div className="panel scroll-box roles-of-feature">
        <SortTable
          label="Roles of this feature"
          rows={rows}
          columns={columns}
          rowKey={(row) => row.role}
          sort={sort}
          setSort={setSort}
          marked={(row) => row.role === shownRole}
        />
      </div>
      <p className="footnote">
        Filled dots: q &lt; 0.05 (Mann-Whitney against all other roles, adjusted over all pairs of role and feature). Hollow: not.
      </p>
    </Section>
  );
}

function columnsOf(scale: Scale, anchor: string, hasExamples: (role: string) => boolean): SortColumn<RoleOfFeature>[] {
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
    {
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
    },
    meanColumn(),
    {
      key: "max",
      title: "max",
      hint: "strongest activation on any token",
      num: true,
      value: (row) => row.max,
      cell: (row) => fmt(row.max),
    },
    ...contrastColumns<RoleOfFeature>(scale),
    {
      key: "examples",
      title: <span className="hidden-label">examples</span>,
      cell: (row) =>
        hasExamples(row.role) && (
          <button className="plain" onClick={() => showExamples(row.role)} aria-label={`Show responses of ${row.role}`}>
            responses
          </button>
        ),
    },
  ];
}

function showExamples(role: string): void {
  setParams({ role });
  document.querySelector(".examples")?.scrollIntoView({ block: "start" });
}
