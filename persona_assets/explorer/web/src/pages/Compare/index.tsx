import { Empty, Loaded } from "../../components/Loaded";
import { Played } from "../../components/Played";
import { RoleChoice } from "../../components/parts";
import { useSae, useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { FeaturesOfRole } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href, setParams, useParam } from "../../router/router";
import "../../charts/charts.css";
import { Choices } from "./Choices";
import { Comparison } from "./Comparison";
import "./compare.css";

export default function ComparePage() {
  const sae = useSae();
  const [a] = useParam("a");
  const [b] = useParam("b");
  if (sae === null) return <Empty title="The study has no SAE yet">Roles are compared by the features that fire in their responses.</Empty>;
  return (
    <div className="page compare">
      <h1 className="hidden-label">Compare two roles</h1>
      <div className="compare-choice">
        <RoleChoice label="compare" value={a} choose={(role) => setParams({ a: role })} except={[b]} />
        <button onClick={() => setParams({ a: b, b: a })} disabled={a === "" && b === ""} aria-label="Swap the two roles" title="swap">
          ⇄
        </button>
        <RoleChoice label="with" value={b} choose={(role) => setParams({ b: role })} except={[a]} />
        {a !== "" && b !== "" && <Choices />}
        <a href={href("contrasts")}>the study’s own contrasts</a>
      </div>
      {a === "" || b === "" ? (
        <Empty title="Choose two roles">
          Their features are set against each other: those that tell them apart come first. <Offered sae={sae.sae} />
        </Empty>
      ) : (
        <Two key={`${a} ${b}`} sae={sae.sae} a={a} b={b} />
      )}
    </div>
  );
}

/** The anchor with a few of the roles that the SAE has read: a beginning. */
function Offered({ sae }: { sae: string }) {
  const { anchor, roles } = useStudy();
  const read = roles.filter((one) => one.read_by.includes(sae)).map((one) => one.role);
  const others = read.filter((role) => role !== anchor).slice(0, OFFERED);
  if (!read.includes(anchor) || others.length === 0) return null;
  return (
    <>
      For example {anchor} with{" "}
      {others.map((role, at) => (
        <span key={role}>
          {at > 0 && ", "}
          <a href={href("compare", null, { a: anchor, b: role })}>{role}</a>
        </span>
      ))}
      .
    </>
  );
}

const OFFERED = 8;

function Two({ sae, a, b }: { sae: string; a: string; b: string }) {
  const left = useResource<FeaturesOfRole>(paths.featuresOfRole(sae, a));
  const right = useResource<FeaturesOfRole>(paths.featuresOfRole(sae, b));
  const missing = (role: string) => (
    <Empty title={`There are no features of ${role}`}>
      The study has no such role, or its answers have not been read yet: <code>persona run</code> reads them.
    </Empty>
  );
  return (
    <Loaded of={left} what={`the features of ${a}`} shape="compare" missing={missing(a)}>
      {(featuresA) => (
        <Loaded of={right} what={`the features of ${b}`} shape="compare" missing={missing(b)}>
          {(featuresB) => {
            if (featuresA.feature_id.length === 0) return missing(a);
            if (featuresB.feature_id.length === 0) return missing(b);
            return (
              <>
                <Played sae={sae} roles={[a, b]} />
                <Comparison sae={sae} a={a} b={b} featuresA={featuresA} featuresB={featuresB} />
              </>
            );
          }}
        </Loaded>
      )}
    </Loaded>
  );
}
