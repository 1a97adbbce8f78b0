import { percent } from "../../components/format";
import { Help } from "../../components/Help";
import { RoleLink } from "../../components/links";
import { type MapModel, type RoleShare, topRoles } from "./model";
import { type MapState, setHighlighted } from "./useMapState";

/** The roles in which a feature is strongest, each with its share: words alone, for what cannot be pointed at. */
export function RoleShares({ model, row }: { model: MapModel; row: number }) {
  return (
    <ul className="role-shares">
      {topRoles(model, row).map((one) => (
        <li key={one.role}>
          <span className="ellipsis">{model.roles[one.role]}</span>
          <Share of={one} />
        </li>
      ))}
    </ul>
  );
}

/** The same with links, and boxes that highlight all features of a role. */
export function TopRoles({ model, state, row }: { model: MapModel; state: MapState; row: number }) {
  const found = topRoles(model, row);
  if (found.length === 0) return null;
  const { highlighted } = state;
  const toggle = (role: number) =>
    setHighlighted(model, highlighted.includes(role) ? highlighted.filter((one) => one !== role) : [...highlighted, role]);
  return (
    <section className="top-roles" aria-label="Roles in which it is strongest">
      <h3>
        Strongest roles{" "}
        <Help about="shares of roles">
          What one role has of the feature’s sum over roles, in the matrix that the map is made of; of centred values the positive part
          alone counts. A box highlights the features that prefer the role.
        </Help>
      </h3>
      <ul className="role-shares">
        {found.map((one) => (
          <li key={one.role}>
            <input
              type="checkbox"
              checked={highlighted.includes(one.role)}
              onChange={() => toggle(one.role)}
              aria-label={`Highlight the features of ${model.roles[one.role]}`}
            />
            <span className="ellipsis">
              <RoleLink role={model.roles[one.role] ?? ""} />
            </span>
            <Share of={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Share({ of: { share } }: { of: RoleShare }) {
  return (
    <>
      <span className="bar" aria-hidden="true">
        {share !== null && <span style={{ width: `${share * 100}%` }} />}
      </span>
      <span className="num">{percent(share)}</span>
    </>
  );
}
