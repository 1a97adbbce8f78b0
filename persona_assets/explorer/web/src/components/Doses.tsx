import { DoseChart } from "../charts/DoseChart";
import { type Dose, named, surest, told, verdict } from "./doses";
import { signedFmt } from "./format";
import { RoleLink } from "./links";
import "./doses.css";

/** Each thing that an edit may move: words beside a picture. */
export function Doses({ doses }: { doses: Dose[] }) {
  return (
    <ul className="doses">
      {doses.map((one) => (
        <DoseItem key={`${one.intervention}/${one.role}/${one.metric}`} dose={one} />
      ))}
    </ul>
  );
}

function DoseItem({ dose }: { dose: Dose }) {
  const marks = dose.of.map((one) => ({ ...one, name: one.operation === "ablate" ? "out" : String(one.strength) }));
  return (
    <li className="panel dose">
      <div>
        <b>{named(dose.metric)}</b>
        <div className="muted">
          {dose.operation}, answers of <RoleLink role={dose.role} /> <bdi className="faint">({dose.intervention})</bdi>
        </div>
        <div>
          <span className="num">{signedFmt(surest(dose).effect)}</span> {verdict(dose)}
        </div>
      </div>
      <DoseChart marks={marks} label={dose.of.map(told).join("; ")} />
    </li>
  );
}
