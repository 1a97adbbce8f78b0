import { useMemo } from "react";
import { Bracketed } from "../../components/contrastColumns";
import { useFindRole } from "../../components/FindRole";
import { count, fixed, fmt, percent } from "../../components/format";
import { RoleLink } from "../../components/links";
import { measuredOn } from "../../components/measuredOn";
import { Rating } from "../../components/Rating";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { useStudy } from "../../data/StudyContext";
import { SAYS } from "../../generated/columns";
import type { Adherence, Findings, Position, RoleEntry, RolesOverview, SaeFit } from "../../generated/contract";
import { FREE_OF_NOISE } from "../Role/Nearest";

interface Row extends RoleEntry {
  places: (Position | undefined)[]; // on each of the axes
  nearest: { role: string; similarity: number; low: number | null; high: number | null; far: boolean } | null;
  fit: SaeFit | null;
  adherence: Adherence[]; // by judge
  findings: Findings | null;
}

const FIT_KEYS = new Set(["fvu", "l0", "loss"]); // for whom asks for all columns
const AXES = 2; // columns; the strips above show the rest
const brief = (value: number | null | undefined): string => fmt(value, 2);

/** Every role of the study with what there is of it. */
export function RoleTable({ overview }: { overview: RolesOverview | null }) {
  const { roles } = useStudy();
  const rows = useMemo(() => rowsOf(roles, overview), [roles, overview]);
  const columns = useMemo(() => columnsOf(overview), [overview]);
  const few = useMemo(() => new Set(columns.map((one) => one.key).filter((key) => !FIT_KEYS.has(key))), [columns]);
  const [shown, finder] = useFindRole(rows);
  const fresh = roles.filter((one) => one.status === "fresh").length;
  return (
    <SortSection
      title="All roles"
      note={`${count(roles.length)}, ${fresh === roles.length ? "all" : count(fresh)} fresh`}
      aside={finder}
      box="role-table"
      label="All roles"
      rows={shown}
      columns={columns}
      rowKey={(row) => row.role}
      first="role"
      few={few}
    />
  );
}

function rowsOf(roles: RoleEntry[], overview: RolesOverview | null): Row[] {
  const places = (overview?.axes ?? []).map((axis) => new Map(axis.positions.map((one) => [one.role, one])));
  const fits = new Map(overview?.fits.map((fit) => [fit.role, fit]));
  return roles.map((entry) => ({
    ...entry,
    fit: fits.get(entry.role) ?? null,
    findings: overview?.findings.find((one) => one.role === entry.role) ?? null,
    adherence: overview?.adherence.filter((one) => one.role === entry.role) ?? [],
    places: places.map((axis) => axis.get(entry.role)),
    nearest: overview && nearestOf(entry.role, overview),
  }));
}

function nearestOf(role: string, overview: RolesOverview): Row["nearest"] {
  const { order, similarity, similarity_low, similarity_high, similarity_null } = overview;
  const at = order.indexOf(role);
  const line = similarity[at];
  if (line === undefined) return null;
  let best: Row["nearest"] = null;
  line.forEach((value, place) => {
    const other = order[place]!;
    if (value !== null && other !== role && (best === null || value > best.similarity)) {
      const [low, high] = [similarity_low[at]?.[place] ?? null, similarity_high[at]?.[place] ?? null];
      best = { role: other, similarity: value, low, high, far: similarity_null !== null && value < similarity_null };
    }
  });
  return best;
}

function judges({ adherence }: RolesOverview): string[] {
  return [...new Set(adherence.map((one) => one.judge))];
}

function playedColumn(judge: string): SortColumn<Row> {
  const of = (row: Row) => row.adherence.find((one) => one.judge === judge);
  return {
    key: `played-${judge}`,
    title: (
      <>
        played, says <bdi>{judge}</bdi>
      </>
    ),
    hint: SAYS.role_adherence.rating,
    num: true,
    wide: true,
    value: (row) => of(row)?.rating ?? null,
    cell: (row) => <Rating of={of(row)} />,
  };
}

const APART: SortColumn<Row> = {
  key: "apart",
  title: "set apart by",
  hint: `Features that set the role apart. ${SAYS.role_findings.level}`,
  num: true,
  value: (row) => row.findings && row.findings.n_more + row.findings.n_less,
  cell: (row) => (
    <span title={row.findings ? `${row.findings.n_more} more, ${row.findings.n_less} less` : undefined}>
      {count(row.findings && row.findings.n_more + row.findings.n_less)}
    </span>
  ),
};

const LOSS: SortColumn<Row> = {
  key: "loss",
  title: "loss kept",
  hint: SAYS.sae_fit.loss_recovered,
  num: true,
  value: (row) => row.fit?.loss_recovered ?? null,
  cell: (row) => percent(row.fit?.loss_recovered),
};

const FIT: SortColumn<Row>[] = [
  {
    key: "fvu",
    title: "unexplained",
    hint: SAYS.sae_fit.fvu,
    num: true,
    value: (row) => row.fit?.fvu ?? null,
    cell: (row) => <span title={row.fit === null ? undefined : measuredOn(row.fit)}>{percent(row.fit?.fvu)}</span>,
  },
  {
    key: "l0",
    title: "L0",
    hint: SAYS.sae_fit.l0,
    num: true,
    value: (row) => row.fit?.l0 ?? null,
    cell: (row) => fixed(row.fit?.l0, 1),
  },
];

/** What is known of how each role differs, is played and is read. */
function measuredColumns(overview: RolesOverview): SortColumn<Row>[] {
  return [
    ...(overview.findings.length > 0 ? [APART] : []),
    ...judges(overview).map(playedColumn),
    ...(overview.fits.length > 0 ? FIT : []),
    ...(overview.fits.some((fit) => fit.loss_recovered !== null) ? [LOSS] : []),
  ];
}

const NEAREST: SortColumn<Row> = {
  key: "nearest",
  title: "nearest role",
  hint: `cosine, [${FREE_OF_NOISE}]; “as by chance”: by chance alone 5% of roles have one as near`,
  className: "nearest-cell",
  wide: true,
  value: (row) => row.nearest?.similarity ?? null,
  cell: (row) =>
    row.nearest && (
      <>
        <span className="muted">
          <Bracketed value={row.nearest.similarity} low={row.nearest.low} high={row.nearest.high} />
        </span>{" "}
        <RoleLink role={row.nearest.role} />
        {row.nearest.far && <span className="faint"> as by chance</span>}
      </>
    ),
};

/** The places on the first axes, each with its interval. */
function axisColumns({ axes }: RolesOverview): SortColumn<Row>[] {
  return axes.slice(0, AXES).map(
    ({ axis }, place): SortColumn<Row> => ({
      key: axis,
      title: axis === "assistant" ? "assistant axis" : axis.toUpperCase(),
      num: true,
      wide: place > 0,
      value: (row) => row.places[place]?.position ?? null,
      cell: (row) => {
        const at = row.places[place];
        return <Bracketed value={at?.position} low={at?.position_low} high={at?.position_high} write={brief} />;
      },
    }),
  );
}

function columnsOf(overview: RolesOverview | null): SortColumn<Row>[] {
  const columns: SortColumn<Row>[] = [
    { key: "role", title: "role", value: (row) => row.role, cell: (row) => <RoleLink role={row.role} /> },
    {
      key: "status",
      title: "data",
      hint: "fresh: all fit today's settings",
      wide: true,
      value: (row) => row.status,
      cell: (row) => (
        <>
          <span className={row.status === "fresh" ? "muted" : "chip bad"}>{row.status}</span>
          {row.excluded && <span className="chip warn">left out</span>}
        </>
      ),
    },
    {
      key: "responses",
      title: "responses",
      num: true,
      wide: true,
      value: (row) => row.n_responses,
      cell: (row) => (row.n_responses === row.n_prompts ? count(row.n_responses) : `${count(row.n_responses)} of ${count(row.n_prompts)}`),
    },
  ];
  if (overview === null) return columns;
  columns.push(...measuredColumns(overview));
  return [...columns, ...axisColumns(overview), NEAREST];
}
