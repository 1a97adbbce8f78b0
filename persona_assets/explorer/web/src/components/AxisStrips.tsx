import { useState } from "react";
import { Strip } from "../charts/Strip";
import type { RolesOverview } from "../generated/contract";
import { fixed, percent } from "./format";

const SHOWN = 4;

/** All roles on the assistant axis and the first principal components, one role marked; the rest when asked for. */
export function AxisStrips({ axes, marked, anchor }: { axes: RolesOverview["axes"]; marked: string; anchor: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? axes : axes.slice(0, SHOWN);
  return (
    <>
      {shown.map((axis) => (
        <figure key={axis.axis} className="axis-figure">
          <figcaption>
            <b>{axis.axis === "assistant" ? "Assistant axis" : axis.axis.toUpperCase()}</b>{" "}
            <span className="muted">{about(axis, anchor)}</span>
          </figcaption>
          {axis.positions.length > 0 ? (
            <Strip positions={axis.positions} marked={marked} label={axis.axis} />
          ) : (
            <p className="caution">{axis.reason ?? "There are no positions."}</p>
          )}
          {axis.played_axis_cosine !== null && <Played axis={axis} marked={marked} />}
        </figure>
      ))}
      {axes.length > SHOWN && (
        <button className="plain" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "show the first axes only" : `show all ${axes.length} axes`}
        </button>
      )}
    </>
  );
}

/** The same axis over the answers that play their role in a judge's eyes: another axis, and other places on it. */
function Played({ axis, marked }: { axis: RolesOverview["axes"][number]; marked: string }) {
  const positions = axis.positions.map((one) => ({
    role: one.role,
    position: one.played_position,
    position_low: one.played_position_low,
    position_high: one.played_position_high,
  }));
  const lacking = positions.filter((one) => one.position === null);
  return (
    <div className="played-axis">
      <p className="muted">
        over answers that play their role alone; this axis' cosine with the one above is {fixed(axis.played_axis_cosine)}
        {lacking.length > 0 && `; ${lacking.length} of ${positions.length} roles have too few such answers`}
        {lacking.some((one) => one.role === marked) && `, ${marked} among them`}
      </p>
      <Strip positions={positions} marked={marked} label={`${axis.axis}, answers that play their role`} />
    </div>
  );
}

function about(axis: RolesOverview["axes"][number], anchor: string): string {
  const said = [];
  if (axis.axis === "assistant") said.push(`${anchor} less the mean of the others`);
  if (axis.anchor_null !== null) said.push(`any other role lies at ${fixed(axis.anchor_null, 1)} (median) on an axis of its own`);
  if (axis.explained_variance !== null) said.push(`${percent(axis.explained_variance)} of the variance over roles${beyond(axis)}`);
  if (axis.axis !== "assistant" && axis.cosine_with_assistant !== null)
    said.push(`cosine with the assistant axis ${fixed(axis.cosine_with_assistant)}`);
  return said.join("; ");
}

function beyond({ explained_variance, explained_null }: RolesOverview["axes"][number]): string {
  if (explained_null === null || explained_variance === null) return "";
  return `, ${explained_variance > explained_null ? "beyond" : "within"} what chance gives (${percent(explained_null)})`;
}
