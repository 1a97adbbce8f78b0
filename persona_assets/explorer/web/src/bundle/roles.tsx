/** The roles of a bundle: how alike the file says they are, and how many of its features prefer each. */

import { HeatMap } from "../charts/HeatMap";
import { count, fixed } from "../components/format";
import { Empty, Loaded } from "../components/Loaded";
import { RoleLink } from "../components/links";
import { Section } from "../components/parts";
import { Rows } from "../components/Rows";
import { useSae, useStudy } from "../data/StudyContext";
import { useResource } from "../data/useResource";
import type { MapData, RolesOverview } from "../generated/contract";
import { paths } from "../generated/paths";
import { href, navigate } from "../router/router";
import "../charts/charts.css";
import "../pages/Roles/roles.css";
import "./bundle.css";

export default function RolesOfBundle() {
  const overview = useResource<RolesOverview>(paths.roles(useSae()?.sae ?? ""));
  return (
    <div className="page roles bundle-page">
      <h1 className="hidden-label">Roles</h1>
      <Loaded of={overview} what="the roles" shape="roles">
        {(data) =>
          data.order.length === 0 ? (
            <Empty title="The bundle names no roles" />
          ) : (
            <>
              {data.similarity.length > 0 && <Similarity overview={data} />}
              <Names />
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function Similarity({ overview: { order, similarity } }: { overview: RolesOverview }) {
  return (
    <Section title="Similarity" note="of the roles, as the bundle gives it and in its order">
      <HeatMap
        names={order}
        values={similarity}
        label="Similarity of the roles"
        opens="opens the role of the row"
        format={(value) => fixed(value)}
        onOpen={(row) => navigate(href("role", order[row]!))}
      />
    </Section>
  );
}

function Names() {
  const { roles } = useStudy();
  const map = useResource<MapData>(paths.map(useSae()?.sae ?? ""));
  return (
    <Loaded of={map} what="the features" shape="table">
      {({ features }) => (
        <Section title="All roles" note={count(roles.length)}>
          <table>
            <thead>
              <tr>
                <th>Role</th>
                <th className="num">Features of the bundle that prefer it</th>
              </tr>
            </thead>
            <Rows>
              {roles.map(({ role }, at) => (
                <tr key={role}>
                  <td>
                    <RoleLink role={role} />
                  </td>
                  <td className="num">{count(features.preferred_role.filter((preferred) => preferred === at).length)}</td>
                </tr>
              ))}
            </Rows>
          </table>
        </Section>
      )}
    </Loaded>
  );
}
