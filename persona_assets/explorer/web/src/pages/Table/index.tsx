import { useDeferredValue, useMemo, useState } from "react";
import { toCsv } from "../../components/csv";
import { count } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { post, saveFile } from "../../data/http";
import { asProblem } from "../../data/problem";
import { useSae, useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { FeatureTable } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href } from "../../router/router";
import { exportSql } from "./exportSql";
import { ColumnChoice, Filters } from "./Filters";
import { Grid } from "./Grid";
import { answer, type Query, useQuery, withoutUnknown } from "./query";
import "./table.css";

export default function TablePage() {
  const sae = useSae();
  const table = useResource<FeatureTable>(sae && paths.features(sae.sae));
  if (sae === null) return <Empty title="This study has no SAE yet">Features are there once responses are extracted.</Empty>;
  return (
    <Loaded of={table} what="the features" shape="grid" missing={<NoStatistics />}>
      {(data) => (data.feature_id.length === 0 ? <NoStatistics /> : <LoadedTable table={data} sae={sae.sae} />)}
    </Loaded>
  );
}

function NoStatistics() {
  return <Empty title="No feature has statistics yet">They are computed across roles, after extraction.</Empty>;
}

function LoadedTable({ table, sae }: { table: FeatureTable; sae: string }) {
  const asked = useQuery();
  const settled = useDeferredValue(asked); // typing goes on while many rows are sorted
  const query = useMemo(() => withoutUnknown(settled, table), [settled, table]);
  const rows = useMemo(() => answer(table, query), [table, query]);
  const all = table.feature_id.length;
  const alive = useSae()?.n_alive ?? null; // more than are listed, where a bundle holds those on its map alone
  return (
    <div className="table-page">
      <h1 className="hidden-label">Features</h1>
      <div className="table-tools">
        <Filters query={asked} />
        <div className="table-actions">
          <span role="status" className="nowrap">
            <strong>{count(rows.length)}</strong>{" "}
            <span className="muted">
              of {count(all)} {all === alive ? "alive" : alive === null ? "listed" : `listed, ${count(alive)} alive`}
            </span>
          </span>
          <ColumnChoice query={asked} />
          <Exports table={table} rows={rows} query={query} sae={sae} />
        </div>
      </div>
      {rows.length > 0 ? (
        <Grid table={table} rows={rows} query={query} />
      ) : (
        <Empty title="No feature is like that">
          <a href={href("table")}>Show all {count(all)}</a>
        </Empty>
      )}
    </div>
  );
}

function Exports({ table, rows, query, sae }: { table: FeatureTable; rows: Int32Array; query: Query; sae: string }) {
  const { live } = useStudy();
  const [problem, setProblem] = useState<string | null>(null);
  const csv = () => {
    const head = query.columns.map((column) => column.key);
    const lines = Array.from(rows, (row) => query.columns.map((column) => table[column.key]?.[row] ?? null));
    saveFile("features.csv", new Blob([toCsv([head, ...lines])], { type: "text/csv" }));
  };
  const parquet = async () => {
    setProblem(null);
    try {
      const answer = await post("api/sql/export?format=parquet", { sql: exportSql(query, sae) });
      saveFile("features.parquet", await answer.blob());
    } catch (error) {
      setProblem(asProblem(error).problem.error);
    }
  };
  return (
    <>
      <button onClick={csv} disabled={rows.length === 0}>
        Export CSV
      </button>
      {live && (
        <button onClick={() => void parquet()} disabled={rows.length === 0}>
          Parquet
        </button>
      )}
      {problem !== null && (
        <span role="alert" className="export-problem untrusted">
          {problem}
        </span>
      )}
    </>
  );
}
