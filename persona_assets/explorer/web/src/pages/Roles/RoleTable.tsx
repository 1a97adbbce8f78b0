import { useMemo } from "react";
import { count, fixed, fmt } from "../../components/format";
import { RoleLink } from "../../components/links";
import { Section } from "../../components/parts";
import { type SortColumn, SortTable } from "../../components/SortTable";
import type { RoleEntry, RolesOverview } from "../../contract";
import { useStudy } from "../../data/StudyContext";
import { useParam } from "../../router/router";

interface Row extends RoleEntry {
  places: (number | null)[]; // on each of the axes
  nearest: { role: string; similarity: number } | null;
}

const AXES = 4; // columns; the strips above show the rest

/** Every role of the study with what there is of it. */
export function RoleTable({ overview }: { overview: RolesOverview | null }) {
  const { roles } = useStudy();
  const [sort, setSort] = useParam("sort", "role");
  const [word, setWord] = useParam("find");
  const rows = useMemo(() => rowsOf(roles, overview), [roles, overview]);
  const columns = useMemo(() => columnsOf(overview), [overview]);
  const shown = useMemo(() => rows.filter((row) => row.role.includes(word.trim().toLowerCase())), [rows, word]);
  const fresh = roles.filter((one) => one.status === "fresh").length;
  return (
    <Section
      title="All roles"
      note={`${count(roles.length)}, ${fresh === roles.length ? "all" : count(fresh)} fresh`}
      aside={
        <input
          type="search"
          placeholder="find a role"
          aria-label="Find a role"
          value={word}
          onChange={(event) => setWord(event.target.value)}
        />
      }
    >
      <div className="panel scroll-box role-table">
        <SortTable label="All roles" rows={shown} columns={columns} rowKey={(row) => row.role} sort={sort} setSort={setSort} />
      </div>
    </Section>
  );
}

function rowsOf(roles: RoleEntry[], overview: RolesOverview | null): Row[] {
  const places = (overview?.axes ?? []).map((axis) => new Map(axis.positions.map((one) => [one.role, one.position])));
  return roles.map((entry) => ({
    ...entry,
    places: places.map((axis) => axis.get(entry.role) ?? null),
    nearest: overview && nearestOf(entry.role, overview),
  }));
}

function nearestOf(role: string, { order, similarity }: RolesOverview): Row["nearest"] {
  const line = similarity[order.indexOf(role)];
  if (line === undefined) return null;
  let best: Row["nearest"] = null;
  line.forEach((value, place) => {
    const other = order[place]!;
    if (value !== null && other !== role && (best === null || value > best.similarity)) best = { role: other, similarity: value };
  });
  return best;
}

function columnsOf(overview: RolesOverview | null): SortColumn<Row>[] {
  const columns: SortColumn<Row>[] = [
    { key: "role", title: "role", value: (row) => row.role, cell: (row) => <RoleLink role={row.role} /> },
    {
      key: "status",
      title: "data",
      hint: "fresh: all fit today's settings",
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
      value: (row) => row.n_responses,
      cell: (row) => (row.n_responses === row.n_prompts ? count(row.n_responses) : `${count(row.n_responses)} of ${count(row.n_prompts)}`),
    },
  ];
  if (overview === null) return columns;
  const axes = overview.axes.slice(0, AXES).map(
    ({ axis }, place): SortColumn<Row> => ({
      key: axis,
      title: axis === "assistant" ? "assistant axis" : axis.toUpperCase(),
      num: true,
      value: (row) => row.places[place] ?? null,
      cell: (row) => fmt(row.places[place]),
    }),
  );
  const nearest: SortColumn<Row> = {
    key: "nearest",
    title: "nearest role",
    className: "nearest-cell",
    value: (row) => row.nearest?.similarity ?? null,
    cell: (row) =>
      row.nearest && (
        <>
          <span className="muted">{fixed(row.nearest.similarity)}</span> <RoleLink role={row.nearest.role} />
        </>
      ),
  };
  return [...columns, ...axes, nearest];
}
