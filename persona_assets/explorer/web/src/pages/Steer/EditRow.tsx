import { fixed } from "../../components/format";
import { RoleChoice } from "../../components/parts";
import type { OfferedCap, SteerState } from "../../generated/contract";
import { type Edit, holds, type Kind, OPERATIONS, type Operation, STEP, STRONGEST, unit } from "./edits";

interface EditRowProps {
  edit: Edit;
  state: SteerState;
  change: (to: Partial<Edit>) => void;
  remove: (() => void) | null;
}

/** One edit: its target, what is done to it, and how strongly, in the units of docs/interventions.md. */
export function EditRow({ edit, state, change, remove }: EditRowProps) {
  const cap = edit.kind === "cap_file" ? state.cap_files.find((one) => one.name === edit.file) : undefined;
  return (
    <div className="steer-edit">
      <TargetChoice edit={edit} state={state} change={change} />
      {edit.kind === "feature" && (
        <label className="role-choice">
          <span>its id</span>
          <input type="number" min={0} step={1} value={edit.feature} onChange={(event) => change({ feature: event.target.value })} />
        </label>
      )}
      {edit.kind === "role" && <RoleChoice label="role" value={edit.role} choose={(role) => change({ role })} />}
      {edit.kind === "cap_file" ? (
        <span className="muted steer-unit">{cap && holds(cap)}</span>
      ) : (
        <>
          <OperationChoice edit={edit} change={change} />
          {edit.operation !== "ablate" && <Strength edit={edit} change={change} />}
          <span className="muted steer-unit">{unit(edit.kind, edit.operation)}</span>
        </>
      )}
      {remove && (
        <button type="button" className="plain" onClick={remove}>
          remove
        </button>
      )}
    </div>
  );
}

type Choice = Pick<EditRowProps, "edit" | "change">;

/** What is edited: of the study, or of the files that the server was started with. */
function TargetChoice({ edit, state, change }: Choice & { state: SteerState }) {
  const value = edit.file === "" ? edit.kind : `${edit.kind}/${edit.file}`;
  const choose = (chosen: string) => {
    const end = chosen.indexOf("/");
    if (end < 0) change({ kind: chosen as Kind, file: "" });
    else change({ kind: chosen.slice(0, end) as Kind, file: chosen.slice(end + 1) });
  };
  return (
    <select aria-label="What is edited" value={value} onChange={(event) => choose(event.target.value)}>
      <option value="feature">a feature</option>
      <option value="role">the vector to a role</option>
      <option value="axis">the assistant axis</option>
      {state.axis_files.map((name) => (
        <option key={`axis ${name}`} value={`axis_file/${name}`}>
          the axis in {name}
        </option>
      ))}
      {state.cap_files.map(({ name }: OfferedCap) => (
        <option key={`cap ${name}`} value={`cap_file/${name}`}>
          the cap in {name}
        </option>
      ))}
    </select>
  );
}

function OperationChoice({ edit, change }: Choice) {
  return (
    <select aria-label="Operation" value={edit.operation} onChange={(event) => change({ operation: event.target.value as Operation })}>
      {Object.entries(OPERATIONS).map(([name, title]) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  );
}

function Strength({ edit, change }: Choice) {
  return (
    <label className="role-choice">
      <span>strength</span>
      <input
        type="range"
        min={-STRONGEST}
        max={STRONGEST}
        step={STEP}
        value={edit.strength}
        onChange={(event) => change({ strength: event.target.valueAsNumber })}
      />
      <output className="num">{fixed(edit.strength)}</output>
    </label>
  );
}
