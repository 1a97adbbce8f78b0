import { useEffect, useState } from "react";
import { said } from "../../charts/RoleLine";
import { Loaded } from "../../components/Loaded";
import { RoleLink } from "../../components/links";
import { MarkList } from "../../components/MarkList";
import { useResource } from "../../data/useResource";
import type { MarksOfRole, Position } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href } from "../../router/router";

const SETTLED = 120; // milliseconds that the pointer stays, before a role is read

interface ChosenProps {
  sae: string;
  roles: string[]; // shown: those chosen, and the one last pointed at
  chosen: string[];
  positions: Position[];
}

/** The roles that are chosen or pointed at: their places, their features with sentences; of two, what tells them apart. */
export function Chosen({ sae, roles: wanted, chosen, positions }: ChosenProps) {
  const roles = useSettled(wanted.join(",")).split(",").filter(Boolean);
  const [a, b] = chosen;
  return (
    <section className="axis-chosen" aria-label="Chosen roles">
      <p className="muted axis-hint" role="status">
        {a !== undefined && b !== undefined ? (
          <a className="axis-compare" href={href("compare", null, { a, b })}>
            What tells <bdi>{a}</bdi> and <bdi>{b}</bdi> apart →
          </a>
        ) : (
          `Point at a role for what marks it; choose ${a === undefined ? "two" : "another"} to see what tells them apart.`
        )}
      </p>
      {roles.length > 0 && (
        <div className="axis-columns">
          {roles.map((role) => (
            <OneRole key={role} sae={sae} role={role} place={positions.find((one) => one.role === role)} />
          ))}
        </div>
      )}
    </section>
  );
}

function OneRole({ sae, role, place }: { sae: string; role: string; place: Position | undefined }) {
  const marks = useResource<MarksOfRole>(paths.marksOfRole(sae, role));
  const title = (
    <>
      What marks <RoleLink role={role} />
    </>
  );
  return (
    <Loaded of={marks} what={role}>
      {(data) => <MarkList title={title} note={place && `at ${said(place)}${ranked(place)}`} marks={data.marks} />}
    </Loaded>
  );
}

function ranked({ rank_low: low, rank_high: high }: Position): string {
  if (low === null || high === null) return "";
  return low === high ? `, place ${low} from the right` : `, place ${low} to ${high} from the right`;
}

/** The value once it has stayed for a moment. */
function useSettled(value: string): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), SETTLED);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
