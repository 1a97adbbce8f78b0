import { ENGINE_BYTES } from "virtual:duckdb";
import { useEffect, useMemo, useState } from "react";
import { bytes, count } from "../../../components/format";
import { Empty, Failure, Loaded } from "../../../components/Loaded";
import { Loading } from "../../../components/Skeleton";
import { asProblem, isAbort } from "../../../data/problem";
import { useStudy } from "../../../data/StudyContext";
import { useResource } from "../../../data/useResource";
import type { Problem, SiteSql } from "../../../generated/contract";
import { Console } from "../Console";
import { askerOf, EXPORTED, MOST_WHOLE, tooLarge } from "./ask";
import { PUBLISHED_AGAIN } from "./complaint";
import { servesRanges } from "./reading";

/** The console of a static site: DuckDB runs in the reader's browser, over the database beside the pages. */
export function SiteConsole() {
  const site = useResource<SiteSql>("data/sql.json");
  return (
    <Loaded of={site} what="what can be asked" missing={<NoDatabase />}>
      {(data) => <OfHost site={data} />}
    </Loaded>
  );
}

function NoDatabase() {
  const { name } = useStudy();
  return (
    <Empty title="This site has no database">
      It was written without one, or it was taken out. Run <code>persona explore {name}</code> where the study is.
    </Empty>
  );
}

/** The console, once it is known whether the host serves parts of files. */
function OfHost({ site }: { site: SiteSql }) {
  const { name } = useStudy();
  const [ranges, setRanges] = useState<boolean | null>(null);
  const [failure, setFailure] = useState<{ problem: Problem; status: number | null } | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    servesRanges(`data/${site.file}`, leaving.signal).then(setRanges, (error: unknown) => {
      if (isAbort(error)) return;
      const { problem, status } = asProblem(error);
      setFailure({ problem: status === 404 ? { error: PUBLISHED_AGAIN } : problem, status });
    });
    return () => leaving.abort();
  }, [site]);
  const asker = useMemo(() => (ranges === null ? null : askerOf(site, name, ranges)), [site, name, ranges]);
  if (failure !== null) return <Failure {...failure} />;
  if (asker === null || ranges === null) return <Loading what="what can be asked" />;
  return <Console asker={asker} lacking={site.lacking} says={<Says site={site} ranges={ranges} />} />;
}

/** What a query loads. */
function Says({ site, ranges }: { site: SiteSql; ranges: boolean }) {
  if (!ranges && site.bytes > MOST_WHOLE) return tooLarge(site.bytes);
  return (
    <>
      DuckDB runs in this page: the first query loads it ({bytes(ENGINE_BYTES)}) and{" "}
      {ranges ? (
        <>parts of the database, which has {bytes(site.bytes)}</>
      ) : (
        <>the whole database ({bytes(site.bytes)}), because this host does not answer range requests</>
      )}
      . The first {count(1000)} rows are shown; a file holds up to {count(EXPORTED)}.
    </>
  );
}
