import { Doses } from "../../components/Doses";
import { doses, summary } from "../../components/doses";
import { count } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { FeatureLink } from "../../components/links";
import { Section } from "../../components/parts";
import { useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { RecordedIntervention, RecordedTarget, Recorded as Recording } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { setParams, useParam } from "../../router/router";
import { Pairs } from "./Pairs";

/** The interventions that the study has recorded: one at a time, one target of it. */
export function Recorded({ sae }: { sae: string }) {
  const found = useResource<RecordedIntervention[]>(paths.steered(sae));
  return (
    <Loaded of={found} what="the recorded interventions">
      {(all) => (all.length === 0 ? <HowToRecord /> : <Chosen sae={sae} all={all} />)}
    </Loaded>
  );
}

function HowToRecord() {
  const { name } = useStudy();
  return (
    <Empty title="Recorded interventions: none yet">
      Say in the study’s file what is edited, and how many questions are answered again,{" "}
      <code>{"interventions: {towards: {target: role_vector, role: pirate, roles: [default], operation: add, answers: 6}}"}</code>, then{" "}
      <code>persona run {name} --select steered_responses,interventions,warehouse</code>.
    </Empty>
  );
}

const keyOf = (one: RecordedIntervention) => `${one.intervention}/${one.role}`;

function Chosen({ sae, all }: { sae: string; all: RecordedIntervention[] }) {
  const [asked] = useParam("of");
  const chosen = all.find((one) => keyOf(one) === asked) ?? all.find((one) => one.n_answers > 0) ?? all[0]!;
  const recording = useResource<Recording>(paths.recorded(sae, chosen.intervention, chosen.role));
  return (
    <Section
      title="Recorded"
      note="beside every target random controls were edited: a target counts where it does more than they do"
      aside={
        <label className="role-choice">
          <span>intervention</span>
          <select value={keyOf(chosen)} onChange={(event) => setParams({ of: event.target.value, target: null, strength: null })}>
            {all.map((one) => (
              <option key={keyOf(one)} value={keyOf(one)}>
                {one.intervention}, answers of {one.role}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Loaded of={recording} what="the intervention">
        {(data) => <Shown key={keyOf(data)} recording={data} />}
      </Loaded>
    </Section>
  );
}

function Shown({ recording }: { recording: Recording }) {
  const [asked] = useParam("target");
  const target = recording.targets.find((one) => one.target === asked) ?? recording.targets[0];
  if (target === undefined) return <p className="muted">Nothing of it is recorded.</p>;
  const found = doses(recording.effects.filter((one) => one.target === target.target));
  return (
    <>
      <TargetChoice recording={recording} target={target} />
      {found.length > 0 ? (
        <>
          <p>{summary(found)}</p>
          <Doses doses={found} />
        </>
      ) : (
        <p className="muted">No effect of it is recorded.</p>
      )}
      <Answers recording={recording} target={target} />
    </>
  );
}

function TargetChoice({ recording: { targets, n_targets, operation }, target }: { recording: Recording; target: RecordedTarget }) {
  return (
    <p className="steer-target">
      <label className="role-choice">
        <span>{operation}</span>
        <select
          aria-label="Target"
          value={target.target}
          onChange={(event) => setParams({ target: event.target.value, strength: null }, { replace: true })}
        >
          {targets.map((one) => (
            <option key={one.target} value={one.target}>
              {one.target}
              {one.n_answers > 0 && ` (${count(one.n_answers)} answers)`}
            </option>
          ))}
        </select>
      </label>
      {target.feature_id !== null && <FeatureLink id={target.feature_id} label={target.label} />}
      {targets.length < n_targets && (
        <span className="muted">
          {count(targets.length)} of {count(n_targets)} targets: those with answers, then the surest
        </span>
      )}
    </p>
  );
}

function Answers({ recording, target }: { recording: Recording; target: RecordedTarget }) {
  const { name } = useStudy();
  if (target.n_answers > 0) return <Pairs recording={recording} target={target} />;
  return (
    <p className="footnote">
      {recording.n_answers > 0
        ? "Under its edits no new answers were given: "
        : "Its effects are on given answers, and no new ones were given: "}
      <code>
        interventions.{recording.intervention}.{recording.n_answers > 0 ? "answer_targets" : "answers"}
      </code>{" "}
      says how many {recording.n_answers > 0 ? "targets have some" : "questions are answered"}; then{" "}
      <code>persona run {name} --select steered_responses,interventions,warehouse</code>.
    </p>
  );
}
