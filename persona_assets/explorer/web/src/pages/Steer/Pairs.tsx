import { count, fmt } from "../../components/format";
import { LongText } from "../../components/LongText";
import { Section } from "../../components/parts";
import type { RecordedAnswer, RecordedQuestion, RecordedTarget, Recorded as Recording } from "../../generated/contract";
import { setParams, useParam } from "../../router/router";
import { alike, shownOf } from "./pairs";

/** Each question's plain answer beside those under the target's edits, from one seed. */
export function Pairs({ recording, target }: { recording: Recording; target: RecordedTarget }) {
  const [asked] = useParam("strength");
  const strength = recording.strengths.find((one) => String(one) === asked) ?? null;
  const { questions, n_shown } = shownOf(recording.questions, target.target, strength);
  const n_recorded = strength === null ? target.n_answers : target.n_answers / recording.strengths.length;
  return (
    <Section
      title="New answers"
      note={`each pair from one seed: what is the same up to where they part is dimmed${n_shown < n_recorded ? `; ${count(n_shown)} of ${count(n_recorded)} are shown, the first questions’` : ""}`}
      aside={recording.strengths.length > 1 && <Strengths recording={recording} chosen={strength} />}
    >
      {questions.map((one) => (
        <Question key={one.response_id} question={one} operation={recording.operation} />
      ))}
    </Section>
  );
}

function Strengths({ recording, chosen }: { recording: Recording; chosen: number | null }) {
  return (
    <label className="role-choice">
      <span>strength</span>
      <select value={chosen ?? ""} onChange={(event) => setParams({ strength: event.target.value || null }, { replace: true })}>
        <option value="">all</option>
        {recording.strengths.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

function Question({ question: { question, plain, edited }, operation }: { question: RecordedQuestion; operation: string }) {
  return (
    <article className="panel steer-question">
      <h3>
        <bdi className="untrusted">{question}</bdi>
      </h3>
      <div className="steer-sides">
        <Side title="as it is" answer={plain} same={0} />
        {edited.map((one) => (
          <Side
            key={one.strength}
            title={
              operation === "ablate" ? "taken out" : `strength ${one.strength}${one.level === null ? "" : ` (${fmt(one.level)} a token)`}`
            }
            answer={one}
            same={alike(plain.response, one.response)}
            unchanged={one.unchanged}
          />
        ))}
      </div>
    </article>
  );
}

function Side(props: { title: string; answer: RecordedAnswer; same: number; unchanged?: boolean }) {
  const { title, answer, same, unchanged = false } = props;
  return (
    <div className="steer-side">
      <h4>{title}</h4>
      {unchanged ? <p className="muted">the very same answer</p> : <LongText text={answer.response} same={same} />}
      <p className="footnote">{facts(answer).join(", ")}</p>
    </div>
  );
}

function facts({ readout, loss, repetition, n_tokens, finish_reason, response, n_characters }: RecordedAnswer): string[] {
  const cut = response.length < n_characters ? [`cut after ${count(response.length)} of ${count(n_characters)} characters`] : [];
  const measured = [
    readout === null ? null : `${fmt(readout, 2)} of the way to the role`,
    loss === null ? null : `loss ${fmt(loss)} nats a token`,
    repetition === null ? null : `repetition ${fmt(repetition, 2)}`,
  ].filter((one) => one !== null);
  return [...measured, `${count(n_tokens)} tokens${finish_reason === "length" ? ", ended by its limit" : ""}`, ...cut];
}
