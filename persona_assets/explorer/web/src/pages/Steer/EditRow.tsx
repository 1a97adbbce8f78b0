import { fixed } from "../../components/format";
import { RoleChoice } from "../../components/parts";
import { type Edit, type Kind, OPERATIONS, type Operation, STEP, STRONGEST, unit } from "./edits";

interface EditRowProps {
  edit: Edit;
  change: (to: Partial<Edit>) => void;
  remove: (() => void) | null;
}

/** One edit: its target, what is done to it, and how strongly, in the units of docs/interventions.md. */
export function EditRow({ edit, change, remove }: EditRowProps) {
  return (
    <div className="steer-edit">
      <select aria-label="What is edited" value={edit.kind} onChange={(event) => change({ kind: event.target.value as Kind })}>
        <option value="feature">a feature</option>
        <option value="role">the vector to a role</option>
        <option value="axis">the assistant axis</option>
      </select>
      {edit.kind === "feature" && (
        <label className="role-choice">
          <span>its id</span>
          <input type="number" min={0} step={1} value={edit.feature} onChange={(event) => change({ feature: event.target.value })} />
        </label>
      )}
      {edit.kind === "role" && <RoleChoice label="role" value={edit.role} choose={(role) => change({ role })} />}
      <select aria-label="Operation" value={edit.operation} onChange={(event) => change({ operation: event.target.value as Operation })}>
        {Object.entries(OPERATIONS).map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
      {edit.operation !== "ablate" && <Strength edit={edit} change={change} />}
      <span className="muted steer-unit">{unit(edit)}</span>
      {remove && (
        <button type="button" className="plain" onClick={remove}>
          remove
        </button>
      )}
    </div>
  );
}

function Strength({ edit, change }: Pick<EditRowProps, "edit" | "change">) {
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
