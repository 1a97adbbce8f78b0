import type { Family } from "../../charts/block";
import { HeatMap } from "../../charts/HeatMap";
import { AxisStrips } from "../../components/AxisStrips";
import { fixed } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { useSae, useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { RolesOverview, Sae } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href, navigate } from "../../router/router";
import "../../charts/charts.css";
import { FREE_OF_NOISE } from "../Role/Nearest";
import { RoleTable } from "./RoleTable";
import { SaeSection } from "./SaeSection";
import "./roles.css";

export default function RolesPage() {
  const sae = useSae();
  return (
    <div className="page roles">
      <h1 className="hidden-label">Roles</h1>
      {sae === null ? (
        <Empty title="The study has no SAE yet">Roles are compared once their responses have been encoded.</Empty>
      ) : (
        <Overview sae={sae} />
      )}
    </div>
  );
}

function Overview({ sae }: { sae: Sae }) {
  const overview = useResource<RolesOverview>(paths.roles(sae.sae));
  return (
    <Loaded of={overview} what="the roles" shape="roles" missing={<RoleTable overview={null} />}>
      {(data) => (
        <>
          <div className="roles-columns">
            <Similarity overview={data} />
            <Axes overview={data} />
          </div>
          <SaeSection sae={sae} fits={data.fits} />
          <RoleTable overview={data} />
        </>
      )}
    </Loaded>
  );
}

function Similarity({ overview }: { overview: RolesOverview }) {
  const { order, similarity, similarity_low, similarity_high, similarity_null } = overview;
  const interval = (row: number, column: number) => {
    const low = similarity_low[row]?.[column] ?? null;
    return low === null || row === column ? "" : ` [${fixed(low)}, ${fixed(similarity_high[row]?.[column])}] (${FREE_OF_NOISE})`;
  };
  const chance = similarity_null === null ? "" : `; by chance alone 5% of roles have a nearest above ${fixed(similarity_null)}`;
  return (
    <Section title="Similarity" note={`cosine of the roles' vectors over the selected features; in the order of a clustering${chance}`}>
      {similarity.length === 0 ? (
        <Empty title="Not computed yet">The atlas of this SAE has not been made.</Empty>
      ) : (
        <HeatMap
          names={order}
          values={similarity}
          families={familiesOf(overview)}
          label="Similarity of the roles"
          format={(value) => fixed(value)}
          more={interval}
          onOpen={(row, column) =>
            navigate(row === column ? href("role", order[row]!) : href("compare", null, { a: order[row]!, b: order[column]! }))
          }
        />
      )}
    </Section>
  );
}

/** Where each family lies in the order; a role of none may stand among its roles. */
function familiesOf({ order, families }: RolesOverview): Family[] {
  return families.flatMap((places) => {
    const [from, to] = [places[0], places.at(-1)];
    if (from === undefined || to === undefined) return [];
    return [{ name: `${order[from]} to ${order[to]}, alike`, from, to }];
  });
}

function Axes({ overview: { axes } }: { overview: RolesOverview }) {
  const { anchor } = useStudy();
  return (
    <Section title="Axes" note={`each dot a role; ${anchor} is marked`}>
      {axes.length > 0 ? (
        <AxisStrips axes={axes} marked={anchor} anchor={anchor} />
      ) : (
        <p className="muted">Not computed: the study has no atlas yet.</p>
      )}
    </Section>
  );
}
