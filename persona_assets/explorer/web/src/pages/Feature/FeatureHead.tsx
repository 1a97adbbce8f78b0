import { count, fmt, percent } from "../../components/format";
import { LongText } from "../../components/LongText";
import { RoleLink } from "../../components/links";
import { Facts } from "../../components/parts";
import { SavePage } from "../../components/SavePage";
import { useStudy } from "../../data/StudyContext";
import { SAYS } from "../../generated/columns";
import type { FeaturePage, Label, LabelScore } from "../../generated/contract";
import { href } from "../../router/router";

const SOURCES: Record<string, string> = {
  cache: "from the study’s file of labels",
  api: "from Neuronpedia",
  export: "from Neuronpedia's export",
  explanation: "ours, from examples of this study",
};

/** What the feature is called, by whom, and its numbers over all responses. */
export function FeatureHead({ feature }: { feature: FeaturePage }) {
  const [first, ...others] = feature.labels;
  const { statistics: s } = feature;
  return (
    <header className="feature-head">
      <FeatureTitle feature={feature} />
      <div className="feature-said">
        <div>
          {first ? <OneLabel label={first} first /> : <p className="muted">No label: nobody has described this feature.</p>}
          {others.length > 0 && (
            <details>
              <summary>{others.length === 1 ? "another label" : `${others.length} other labels`}</summary>
              {others.map((label, i) => (
                <OneLabel key={i} label={label} />
              ))}
            </details>
          )}
        </div>
        <Facts
          facts={[
            ["fires in", percent(s.firing_rate), SAYS.features.firing_rate],
            ["mean", fmt(s.mean), SAYS.features.mean],
            ["preferred role", s.preferred_role === null ? "–" : <RoleLink role={s.preferred_role} />, SAYS.features.preferred_role],
            ["roles differ", `F ${fmt(s.role_f)}, q ${fmt(s.role_q)}`, SAYS.features.role_f],
          ]}
        />
      </div>
    </header>
  );
}

/** Its number, and where else it can be looked at. */
function FeatureTitle({ feature }: { feature: FeaturePage }) {
  const { live } = useStudy();
  const { rank } = feature.statistics;
  return (
    <div className="feature-title">
      <h1>
        <span className="faint">Feature</span> {feature.feature_id}
      </h1>
      {rank !== null && (
        <a data-here href={href("map", null, { f: feature.feature_id })}>
          on the map, rank {count(rank)}
        </a>
      )}
      {live && (
        <a data-here href={href("steer", null, { feature: feature.feature_id })}>
          steer it
        </a>
      )}
      {feature.url?.startsWith("https://") && (
        <a href={feature.url} target="_blank" rel="noopener noreferrer">
          Neuronpedia <span aria-hidden="true">↗</span>
          <span className="hidden-label"> (opens in a new tab)</span>
        </a>
      )}
      <SavePage title={`Feature ${feature.feature_id}`} />
    </div>
  );
}

function OneLabel({ label, first = false }: { label: Label; first?: boolean }) {
  return (
    <div className={first ? "label first" : "label"}>
      <LongText text={label.description} limit={300} />
      <span className="faint label-source">
        {Object.hasOwn(SOURCES, label.source) ? SOURCES[label.source] : label.source}
        {label.model !== null && (
          <>
            , by <bdi>{label.model}</bdi>
          </>
        )}
      </span>
      {label.scores.length > 0 && <Scores scores={label.scores} />}
    </div>
  );
}

/** What each scorer says of a label, with the interval; and why one says nothing. */
function Scores({ scores }: { scores: LabelScore[] }) {
  return (
    <ul className="label-scores" aria-label="What the label is worth">
      {scores.map((one) => (
        <li key={one.scorer} className={one.q !== null && one.q > 0.05 ? "worth doubtful" : "worth"}>
          {one.worth ?? `${one.scorer}: not scored, ${one.why_unscored ?? ""}`}
          {one.worth !== null && (
            <>
              {" "}
              by <bdi>{one.scored_by}</bdi>, of {count(one.n)} excerpts
              {one.n_unparsed > 0 && `, ${count(one.n_unparsed)} unread`}
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
