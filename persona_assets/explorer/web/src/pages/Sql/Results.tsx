import { useEffect, useState } from "react";
import { count, fixed } from "../../components/format";
import { Empty } from "../../components/Loaded";
import { saveFile } from "../../data/http";
import { asProblem, isAbort } from "../../data/problem";
import type { SqlResult } from "../../generated/contract";
import "../../components/parts.css";
import type { Asker, Format } from "./asker";
import { ResultTable } from "./ResultTable";
import type { Run } from "./useRun";

/** What came of the last query: a table, an error, or that it is under way. */
export function Results({ run, asker, cancel, written }: { run: Run; asker: Asker; cancel: () => void; written: boolean }) {
  if (run.state === "idle") {
    return (
      <Empty title="Nothing asked yet">{written ? "Run the query above." : "Write a query, or begin with one of the examples."}</Empty>
    );
  }
  if (run.state === "running") return <Running since={run.since} said={run.said} cancel={cancel} />;
  if (run.state === "cancelled") return <Empty title="Cancelled">The query was ended before it had an answer.</Empty>;
  if (run.state === "failed") {
    const { error, line, column } = run.problem;
    return (
      <div className="sql-error" role="alert">
        {line !== undefined && (
          <b>
            Line {line}
            {column !== undefined && `, column ${column}`}:{" "}
          </b>
        )}
        <span className="untrusted">{error}</span>
      </div>
    );
  }
  return (
    <>
      <Answer sql={run.sql} result={run.result} asker={asker} />
      {run.result.columns.length > 0 && <ResultTable key={run.sql} result={run.result} />}
    </>
  );
}

function Running({ since, said, cancel }: { since: number; said: string; cancel: () => void }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className="sql-status" role="status">
      Running <span aria-hidden="true">{fixed((now - since) / 1000, 1)} s</span>
      {said !== "" && (
        <span className="muted" aria-hidden="true">
          {said}
        </span>
      )}
      <button onClick={cancel}>Cancel</button>
    </div>
  );
}

/** How many rows in which time, whether there are more, and the whole answer as a file. */
function Answer({ sql, result, asker }: { sql: string; result: SqlResult; asker: Asker }) {
  const n = result.rows.length;
  return (
    <div className="sql-status">
      <span role="status">
        <b>{count(n)}</b> {n === 1 ? "row" : "rows"} in <b>{fixed(result.seconds, 3)}</b> s
      </span>
      {result.note !== null && <span className="muted">{result.note}</span>}
      {result.truncated && <span className="chip warn">only the first {count(n)}: there are more</span>}
      <Export key={sql} sql={sql} asker={asker} />
    </div>
  );
}

/** The buttons that write the answer into a file. Leaving ends the writing, as Cancel does. */
function Export({ sql, asker }: { sql: string; asker: Asker }) {
  const [failure, setFailure] = useState<string | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const [writing, setWriting] = useState<AbortController | null>(null);
  useEffect(() => () => writing?.abort(), [writing]);
  const save = async (format: Format) => {
    const aborter = new AbortController();
    setWriting(aborter);
    setFailure(null);
    setNote(null);
    setSaid("");
    try {
      const written = await asker.file(sql, format, aborter.signal, setSaid);
      aborter.signal.throwIfAborted();
      saveFile(`answer.${format}`, written.blob);
      setNote(written.note);
    } catch (error) {
      if (!isAbort(error)) setFailure(asProblem(error).problem.error);
    } finally {
      setWriting(null);
    }
  };
  return (
    <span className="sql-export">
      {failure !== null && <span className="chip bad untrusted">{failure}</span>}
      {note !== null && <span className="chip warn">{note}</span>}
      {writing !== null && (
        <>
          <span className="muted">writing the file … {said}</span>
          <button onClick={() => writing.abort()}>Cancel</button>
        </>
      )}
      {asker.formats.map((format) => (
        <button key={format} disabled={writing !== null} onClick={() => void save(format)}>
          Export {{ csv: "CSV", parquet: "Parquet" }[format]}
        </button>
      ))}
    </span>
  );
}
