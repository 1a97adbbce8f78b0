import { Strip } from "../../charts/Strip";
import type { RolePage, RolesOverview } from "../../contract";
import { fmt, percent } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { paths } from "../../data/paths";
import { useResource } from "../../data/useResource";

/** Where the role lies among all roles on the assistant axis and on the principal components. */
export function Axes({ role, sae }: { role: RolePage; sae: string }) {
  const overview = useResource<RolesOverview>(paths.roles(sae));
  return (
    <Section title="Place among the roles">
      {role.why_no_assistant !== null && <p className="caution">{role.why_no_assistant}</p>}
      {role.axes.length === 0 && <p className="muted">Not computed: the study has no atlas yet.</p>}
      <Loaded of={overview} what="the roles' places" missing={<Positions role={role} />}>
        {(data) => (
          <>
            {data.axes
              .filter((axis) => axis.positions.length > 0)
              .map((axis) => (
                <figure key={axis.axis} className="axis-figure">
                  <figcaption>
                    {nameOf(axis.axis)} <span className="muted">{shareOf(axis.explained_variance)}</span>
                  </figcaption>
                  <Strip positions={axis.positions} marked={role.role} label={nameOf(axis.axis)} />
                </figure>
              ))}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function Positions({ role }: { role: RolePage }) {
  return (
    <ul>
      {role.axes.map(({ axis, position }) => (
        <li key={axis}>
          {nameOf(axis)} {fmt(position)}
        </li>
      ))}
    </ul>
  );
}

export function nameOf(axis: string): string {
  return axis === "assistant" ? "Assistant axis" : axis.toUpperCase();
}

function shareOf(explained: number | null): string {
  return explained === null ? "" : `${percent(explained)} of the variance over roles`;
}
