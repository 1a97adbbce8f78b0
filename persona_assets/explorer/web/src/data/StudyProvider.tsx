import { type ReactNode, useCallback, useEffect, useState } from "react";
import { OpenBundle } from "../bundle/Drop";
import { useBundle } from "../bundle/store";
import { Empty, Failure } from "../components/Loaded";
import { Loading } from "../components/Skeleton";
import type { Problem, SnapshotState, Study } from "../generated/contract";
import { SnapshotCache } from "./cache";
import { connection, useConnection } from "./connection";
import { getJson } from "./http";
import { asProblem, isAbort } from "./problem";
import { StudyContext, type StudyState } from "./StudyContext";

const POLL_MS = 3000;

/** Reads the study, moves to a newer snapshot when one is published, and asks again while the server is gone. */
export function StudyProvider({ children, onMoved }: { children: ReactNode; onMoved: (study: Study) => void }) {
  const [state, setState] = useState<StudyState | null>(null);
  const [problem, setProblem] = useState<{ problem: Problem; status: number | null } | null>(null);
  const { gone, epoch } = useConnection();

  const read = useCallback(async (signal?: AbortSignal): Promise<Study | null> => {
    try {
      const study = await getJson<Study>("data/study.json", signal);
      connection.found();
      setState((before) => (before?.study.snapshot === study.snapshot ? before : opened(study)));
      setProblem(null);
      return study;
    } catch (error) {
      if (!isAbort(error)) setProblem(asProblem(error));
      return null;
    }
  }, []);

  useEffect(() => {
    const controller = new AbortController();
    void read(controller.signal);
    return () => controller.abort();
  }, [read, epoch]);

  const snapshot = state?.study.snapshot ?? null;
  const asksSnapshot = state?.study.live === true;
  // A static site is asked only until it has been read, and while its host is gone.
  const polled = gone || asksSnapshot || (state === null && problem !== null);
  usePolling(
    polled,
    async (signal) => {
      const now = asksSnapshot ? await published(signal) : null;
      if (asksSnapshot && (now === null || now === snapshot)) return;
      const study = await read(signal);
      if (study !== null && snapshot !== null && study.snapshot !== snapshot) onMoved(study);
    },
    [polled, asksSnapshot, snapshot, read, onMoved],
  );

  const bundle = useBundle();
  if (bundle.opened !== null) return <StudyContext value={bundle.opened}>{children}</StudyContext>;
  if (bundle.reading) return <Loading what="the bundle" shape="study" />;
  if (state !== null) return <StudyContext value={state}>{children}</StudyContext>;
  if (problem === null) return <Loading what="the study" shape="study" />;
  return <NoStudy {...problem} again={gone} retry={() => void read()} />;
}

function NoStudy(props: { problem: Problem; status: number | null; again: boolean; retry: () => void }) {
  const { errors } = useBundle();
  return (
    <div className="no-study">
      {props.problem.waits ? (
        <Empty title="Nothing is published yet">
          The first <code>persona run</code> of this study publishes: start it in a terminal, and this page fills by itself.
        </Empty>
      ) : (
        <Failure {...props} />
      )}
      {errors.map((error) => (
        <p key={error} role="alert">
          {error}
        </p>
      ))}
      <OpenBundle />
    </div>
  );
}

/** Call `look` every few seconds while it is `wanted` and the page is in view; `reasons` begin anew. */
function usePolling(wanted: boolean, look: (signal: AbortSignal) => Promise<void>, reasons: unknown[]): void {
  useEffect(() => {
    if (!wanted) return;
    const controller = new AbortController();
    const next = () => window.setTimeout(() => void again(), POLL_MS);
    const again = async () => {
      if (!document.hidden) await look(controller.signal);
      if (!controller.signal.aborted) timer = next();
    };
    let timer = next();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, reasons);
}

function opened(study: Study): StudyState {
  return { study, cache: new SnapshotCache((path, signal) => getJson(path, signal)) };
}

async function published(signal: AbortSignal): Promise<string | null> {
  try {
    const { snapshot } = await getJson<SnapshotState>("api/snapshot", signal);
    connection.found();
    return snapshot;
  } catch {
    return null; // the connection knows; the next poll asks again
  }
}
