import { type ReactNode, useCallback, useEffect, useState } from "react";
import { OpenBundle } from "../bundle/Drop";
import { useBundle } from "../bundle/store";
import { Failure, Loading } from "../components/Loaded";
import type { Problem, SnapshotState, Study } from "../contract";
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
  // A static site is asked only until it has been read, and while its host is gone.
  const polled = gone || (state === null ? problem !== null : state.study.live);
  const asksSnapshot = state?.study.live === true;
  useEffect(() => {
    if (!polled) return;
    let timer = 0;
    const controller = new AbortController();
    const look = async () => {
      if (!document.hidden) {
        const now = asksSnapshot ? await published(controller.signal) : null;
        if (!asksSnapshot || (now !== null && now !== snapshot)) {
          const study = await read(controller.signal);
          if (study !== null && snapshot !== null && study.snapshot !== snapshot) onMoved(study);
        }
      }
      if (!controller.signal.aborted) timer = window.setTimeout(() => void look(), POLL_MS);
    };
    timer = window.setTimeout(() => void look(), POLL_MS);
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [polled, asksSnapshot, snapshot, read, onMoved]);

  const bundle = useBundle();
  if (bundle.opened !== null) return <StudyContext value={bundle.opened}>{children}</StudyContext>;
  if (bundle.reading) return <Loading what="the bundle" />;
  if (state !== null) return <StudyContext value={state}>{children}</StudyContext>;
  if (problem === null) return <Loading what="the study" />;
  return (
    <div className="no-study">
      <Failure problem={problem.problem} status={problem.status} again={gone} retry={() => void read()} />
      {bundle.error !== null && <p role="alert">{bundle.error}</p>}
      <OpenBundle />
    </div>
  );
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
