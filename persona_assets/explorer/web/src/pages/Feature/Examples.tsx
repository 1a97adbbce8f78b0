import { HeatLegend } from "../../charts/Tokens";
import { Empty, Loaded } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { Example, ExamplesOfRole, FeaturePage } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { setParams, useParam } from "../../router/router";
import { ExampleCard } from "./ExampleCard";

const AT_HAND = 3;
const BEST = 2; // shown before the fold

/** The strongest responses of a role: a site's come with the page, the live server's are asked for. */
export function Examples({ feature, sae }: { feature: FeaturePage; sae: string }) {
  const [asked] = useParam("role");
  const role = asked || (rolesAtHand(feature)[0] ?? "");
  const known = feature.examples.find((one) => one.role === role);
  return (
    <Section
      title="Top responses"
      note={role && `of ${role}, by the strongest token`}
      className="examples"
      aside={<RoleButtons feature={feature} role={role} />}
    >
      <div>
        {role === "" ? (
          <Empty title="No responses">No role's responses are kept for this feature.</Empty>
        ) : known ? (
          <Cards examples={known} />
        ) : (
          <OtherRole feature={feature} sae={sae} role={role} />
        )}
      </div>
    </Section>
  );
}

/** The roles in which the feature is strongest: those that came with the page, or by their mean. */
function rolesAtHand({ examples, roles }: FeaturePage): string[] {
  if (examples.length > 0) return examples.map((one) => one.role);
  const firing = roles.filter((one) => one.n_active_responses > 0).sort((a, b) => b.mean - a.mean);
  return firing.slice(0, AT_HAND).map((one) => one.role);
}

function RoleButtons({ feature, role }: { feature: FeaturePage; role: string }) {
  const { live } = useStudy();
  const near = rolesAtHand(feature);
  const others = feature.roles.filter((one) => !near.includes(one.role));
  return (
    <>
      {near.map((one) => (
        <button key={one} aria-pressed={one === role} onClick={() => setParams({ role: one })}>
          <bdi>{one}</bdi>
        </button>
      ))}
      {live && others.length > 0 && (
        <select
          aria-label="Another role's responses"
          value={near.includes(role) ? "" : role}
          onChange={(event) => setParams({ role: event.target.value })}
        >
          <option value="">another role …</option>
          {others.map((one) => (
            <option key={one.role}>{one.role}</option>
          ))}
        </select>
      )}
    </>
  );
}

function OtherRole({ feature, sae, role }: { feature: FeaturePage; sae: string; role: string }) {
  const { live } = useStudy();
  const examples = useResource<ExamplesOfRole>(live ? paths.featureInRole(sae, feature.feature_id, role) : null);
  if (!live) {
    return (
      <>
        <p className="caution">
          The responses of <bdi>{role}</bdi> are not part of this site, which holds the strongest roles' only: the live explorer (persona
          explore) reads every role's.
        </p>
        {feature.examples[0] && (
          <>
            <h3 className="instead">
              <bdi>{feature.examples[0].role}</bdi>
            </h3>
            <Cards examples={feature.examples[0]} />
          </>
        )}
      </>
    );
  }
  return (
    <Loaded of={examples} what={`${role}'s responses`} missing={<Empty title={`The study has no responses of ${role}`} />}>
      {(data) => <Cards examples={data} />}
    </Loaded>
  );
}

function Cards({ examples: { role, responses } }: { examples: ExamplesOfRole }) {
  if (responses.length === 0) return <Empty title={`It never fires in ${role}`}>In no response of this role is it above zero.</Empty>;
  const max = Math.max(0, ...responses.map((one) => strongest(one)));
  const card = (one: Example) => <ExampleCard key={one.response_id} role={role} example={one} max={max} />;
  return (
    <>
      <HeatLegend max={max} unit="activation on the token" />
      <ol className="example-list">{responses.slice(0, BEST).map(card)}</ol>
      {responses.length > BEST && (
        <details className="more-examples">
          <summary>{responses.length - BEST} more responses</summary>
          <ol className="example-list">{responses.slice(BEST).map(card)}</ol>
        </details>
      )}
    </>
  );
}

function strongest({ activations, max }: Example): number {
  return activations ? Math.max(0, ...activations) : max;
}
