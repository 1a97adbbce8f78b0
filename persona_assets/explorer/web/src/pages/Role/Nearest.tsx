import { useState } from "react";
import { Bracketed } from "../../components/contrastColumns";
import { fixed } from "../../components/format";
import { RoleLink } from "../../components/links";
import { Meter, Section } from "../../components/parts";
import { Rows } from "../../components/Rows";
import type { RolePage } from "../../generated/contract";
import { href } from "../../router/router";
import { useNoPlace } from "./noPlace";

const SHOWN = 8;

/** Of the brackets: the cosine itself is drawn to 0 by noise, and so may lie below its interval. */
export const FREE_OF_NOISE = "95 % interval, free of noise";

/** The other roles by cosine of their vectors over the selected features. */
export function Nearest({ role }: { role: RolePage }) {
  const [all, setAll] = useState(false);
  const noPlace = useNoPlace(role);
  const told = role.nearest.some((one) => one.similarity_low !== null);
  const shown = all ? role.nearest : role.nearest.slice(0, SHOWN);
  return (
    <Section title="Nearest roles" note={`cosine of the roles' vectors${told ? `, [${FREE_OF_NOISE}]` : ""}`}>
      {role.nearest.length === 0 ? (
        <p className="muted">{noPlace}</p>
      ) : (
        <>
          {isFar(role) && (
            <p className="caution">None is near: by chance alone 5% of roles have a nearest above {fixed(role.similarity_null, 3)}.</p>
          )}
          <table className="sort-table nearest" aria-label="Nearest roles">
            <Rows>
              {shown.map((one) => (
                <tr key={one.role}>
                  <td className="grow">
                    <RoleLink role={one.role} />
                  </td>
                  <td className="num">
                    <Bracketed value={one.similarity} low={one.similarity_low} high={one.similarity_high} />
                    <Meter share={one.similarity ?? 0} />
                  </td>
                  <td>
                    <a data-here href={href("compare", null, { a: role.role, b: one.role })} aria-label={`Compare with ${one.role}`}>
                      compare
                    </a>
                  </td>
                </tr>
              ))}
            </Rows>
          </table>
        </>
      )}
      {role.nearest.length > SHOWN && (
        <button className="plain" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "show the nearest only" : `show all ${role.nearest.length}`}
        </button>
      )}
    </Section>
  );
}

/** The nearest role with its cosine, or that none is near. */
export function NearestRole({ of }: { of: RolePage }) {
  const [first] = of.nearest;
  if (first === undefined) return "–";
  const cosine = <Bracketed value={first.similarity} low={first.similarity_low} high={first.similarity_high} />;
  if (!isFar(of)) {
    return (
      <>
        <RoleLink role={first.role} /> <span className="fact-note">{cosine}</span>
      </>
    );
  }
  return (
    <>
      none near{" "}
      <span className="fact-note">
        <RoleLink role={first.role} /> {cosine}, as by chance
      </span>
    </>
  );
}

function isFar({ nearest, similarity_null }: RolePage): boolean {
  const best = nearest[0]?.similarity;
  return similarity_null !== null && best !== null && best !== undefined && best < similarity_null;
}
