import { useState } from "react";
import { fixed } from "../../components/format";
import { RoleLink } from "../../components/links";
import { Meter, Section } from "../../components/parts";
import type { RolePage } from "../../generated/contract";
import { href } from "../../router/router";
import { useNoPlace } from "./noPlace";

const SHOWN = 8;

/** The other roles by cosine of their vectors over the selected features. */
export function Nearest({ role }: { role: RolePage }) {
  const [all, setAll] = useState(false);
  const noPlace = useNoPlace(role);
  const shown = all ? role.nearest : role.nearest.slice(0, SHOWN);
  return (
    <Section title="Nearest roles" note="cosine of the roles' vectors">
      {role.nearest.length === 0 ? (
        <p className="muted">{noPlace}</p>
      ) : (
        <table className="sort-table nearest" aria-label="Nearest roles">
          <tbody>
            {shown.map((one) => (
              <tr key={one.role}>
                <td className="grow">
                  <RoleLink role={one.role} />
                </td>
                <td className="num">
                  {fixed(one.similarity, 3)}
                  <Meter share={one.similarity ?? 0} />
                </td>
                <td>
                  <a href={href("compare", null, { a: role.role, b: one.role })} aria-label={`Compare with ${one.role}`}>
                    compare
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {role.nearest.length > SHOWN && (
        <button className="plain" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "show the nearest only" : `show all ${role.nearest.length}`}
        </button>
      )}
    </Section>
  );
}
