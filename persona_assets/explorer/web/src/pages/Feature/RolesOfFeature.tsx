import { useMemo } from "react";
import { Interval, IntervalAxis } from "../../charts/Interval";
import { extent, type Scale, squareRoot } from "../../charts/scale";
import type { FeaturePage, RoleOfFeature } from "../../contract";
import { fmt, fixed, percent, qValue, signedFmt } from "../../components/format";
import { RoleLink } from "../../components/links";
import { Meter, Section } from "../../components/parts";
import { type SortColumn, SortTable } from "../../components/SortTable";
import { useStudy } from "../../data/StudyContext";
import { setParams, useParam } from "../../router/router";

const PLOT = 190; // pixels of the effects' column
const PLOT_EDGE = 12;

/** Every role, not only the strongest: how often it fires there, how strongly, and against the other roles. */
export function RolesOfFeature({ feature }: { feature: FeaturePage }) {
  const [sort, setSort] = useParam("sort", "-rate");
  const [word, setWord] = useParam("find");
  const { anchor, live } = useStudy();
  const shownRole = useParam("role")[0];
  const scale = useMemo(() => effectScale(feature.roles), [feature.roles]);
  const withExamples = useMemo(() => new Set(feature.examples.map((one) => one.role)), [feature.examples]);
  const columns = useMemo(
    () => columnsOf(scale, anchor, (role) => live || withExamples.has(role)),
    [scale, anchor, live, withExamples],
  );
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

function effectScale(roles: RoleOfFeature[]): Scale {
  const [low, high] = extent(roles.flatMap((row) => [row.effect, row.effect_low, row.effect_high, 0]));
  return squareRoot([low, high], [PLOT_EDGE, PLOT - PLOT_EDGE]).nice(4);
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
    {
      key: "mean",
      title: "mean",
      hint: "mean activation over the role's responses, zeros too",
      num: true,
      value: (row) => row.mean,
      cell: (row) => fmt(row.mean),
    },
    {
      key: "max",
      title: "max",
      hint: "strongest activation on any token",
      num: true,
      value: (row) => row.max,
      cell: (row) => fmt(row.max),
    },
    { key: "effect", title: "effect", num: true, value: (row) => row.effect, cell: (row) => signedFmt(row.effect) },
    {
      key: "plot",
      title: (
        <>
          <span className="hidden-label">interval</span>
          <IntervalAxis scale={scale} />
        </>
      ),
      className: "plot-cell",
      cell: (row) => (
        <Interval scale={scale} value={row.effect} low={row.effect_low} high={row.effect_high} strong={(row.q ?? 1) < 0.05} />
      ),
    },
    {
      key: "auroc",
      title: "AUROC",
      hint: "how often a response of the role has more of it than one of the others",
      num: true,
      value: (row) => row.auroc,
      cell: (row) => fixed(row.auroc, 3),
    },
    {
      key: "q",
      title: "q",
      hint: "p adjusted for all pairs of role and feature",
      num: true,
      value: (row) => row.q,
      cell: (row) => qValue(row.q),
    },
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
