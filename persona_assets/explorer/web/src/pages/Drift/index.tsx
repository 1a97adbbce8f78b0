import { Empty, Loaded } from "../../components/Loaded";
import { useResource } from "../../data/useResource";
import type { DriftRun, DriftRuns } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { useRoute } from "../../router/router";
import "../../charts/charts.css";
import { RunList } from "./RunList";
import { RunView } from "./RunView";
import "./drift.css";

export default function DriftPage() {
  const { arg: run } = useRoute();
  const runs = useResource<DriftRuns>(paths.driftRuns());
  return (
    <Loaded of={runs} what="the conversations" missing={<NoRuns />}>
      {(found) =>
        found.runs.length === 0 ? <NoRuns /> : run === null ? <RunList {...found} /> : <OneRun key={run} run={run} runs={found.runs} />
      }
    </Loaded>
  );
}

function OneRun({ run, runs }: { run: string; runs: DriftRuns["runs"] }) {
  const known = /^[\w.-]+$/.test(run);
  const data = useResource<DriftRun>(known ? paths.driftRun(run) : null);
  const missing = <Empty title="There is no such conversation">It may have been measured under other settings, or in another study.</Empty>;
  if (!known) return missing;
  return (
    <Loaded of={data} what="the conversation" missing={missing}>
      {(run) => <RunView run={run} runs={runs} />}
    </Loaded>
  );
}

function NoRuns() {
  return (
    <Empty title="No conversation has been measured yet">
      <code>persona drift STUDY FILE</code> follows one away from the assistant, turn by turn.
    </Empty>
  );
}
