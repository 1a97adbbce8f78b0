import { AxisStrips } from "../../components/AxisStrips";
import { fmt } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { RolePage, RolesOverview } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { useNoPlace } from "./noPlace";

/** Where the role lies among all roles on the assistant axis and on the principal components. */
export function Axes({ role, sae }: { role: RolePage; sae: string }) {
  const { anchor } = useStudy();
  const noPlace = useNoPlace(role);
  const overview = useResource<RolesOverview>(paths.roles(sae));
  return (
    <Section title="Place among the roles">
      {role.why_no_assistant !== null && <p className="caution">{role.why_no_assistant}</p>}
      {role.axes.length === 0 && <p className="muted">{noPlace}</p>}
      <Loaded of={overview} what="the roles' places" shape="chart" missing={<Positions role={role} />}>
        {(data) => <AxisStrips axes={data.axes.filter((axis) => axis.positions.length > 0)} marked={role.role} anchor={anchor} />}
      </Loaded>
    </Section>
  );
}

function Positions({ role }: { role: RolePage }) {
  return (
    <ul>
      {role.axes.map(({ axis, position }) => (
        <li key={axis}>
          {axis} {fmt(position)}
        </li>
      ))}
    </ul>
  );
}
