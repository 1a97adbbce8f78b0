import type { SteerState } from "../../generated/contract";
import { EditRow } from "./EditRow";
import { another, MAX_SEED, type Question } from "./edits";

interface FormProps {
  question: Question;
  change: (to: Partial<Question>) => void;
  state: SteerState;
  ready: boolean;
  send: () => void;
}

/** What is said, what is edited, and by which random numbers. */
export function Form(props: FormProps) {
  const { ready, send } = props;
  return (
    <form
      className="ask-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Texts {...props} />
      <Edits {...props} />
      <div className="ask-bar">
        <button className="primary" disabled={!ready}>
          Steer it
        </button>
        <How {...props} />
      </div>
    </form>
  );
}

function Texts({ question: { text, system }, change, send }: FormProps) {
  return (
    <>
      <label htmlFor="steer-text">What a user says</label>
      <textarea
        id="steer-text"
        className="panel"
        dir="auto"
        rows={3}
        value={text}
        onChange={(event) => change({ text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
        }}
      />
      <label htmlFor="steer-system">A system prompt, which may stay empty</label>
      <input id="steer-system" type="text" dir="auto" value={system} onChange={(event) => change({ system: event.target.value })} />
    </>
  );
}

function Edits({ question: { edits }, change, state }: FormProps) {
  return (
    <fieldset className="steer-edits">
      <legend>What is edited</legend>
      {edits.map((one) => (
        <EditRow
          key={one.key}
          edit={one}
          state={state}
          change={(to) => change({ edits: edits.map((other) => (other.key === one.key ? { ...one, ...to } : other)) })}
          remove={edits.length > 1 ? () => change({ edits: edits.filter((other) => other.key !== one.key) }) : null}
        />
      ))}
      {edits.length < state.max_edits && (
        <button type="button" onClick={() => change({ edits: [...edits, another(edits)] })}>
          Another edit
        </button>
      )}
    </fieldset>
  );
}

function How({ question: { whole, seed }, change }: FormProps) {
  const bounded = (value: number) => Math.max(0, Math.min(MAX_SEED, Math.trunc(value) || 0));
  return (
    <>
      <label>
        <input type="checkbox" checked={whole} onChange={(event) => change({ whole: event.target.checked })} /> edit the prompt’s tokens,
        too
      </label>
      <label>
        seed{" "}
        <input
          className="steer-seed"
          type="number"
          min={0}
          max={MAX_SEED}
          value={seed}
          onChange={(event) => change({ seed: bounded(event.target.valueAsNumber) })}
        />
      </label>
    </>
  );
}
