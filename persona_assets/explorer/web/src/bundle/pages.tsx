/** The pages of a feature and a role of a bundle: what the file has, and no empty places for what it has not. */

import { count, fixed, fmt, percent } from "../components/format";
import { Empty, Loaded } from "../components/Loaded";
import { FeatureLink, Label, RoleLink } from "../components/links";
import { paths } from "../data/paths";
import { useSae } from "../data/StudyContext";
import { useResource } from "../data/useResource";
import { METRICS, type Metric, metricText } from "../pages/Map/model";
import { href, useRoute } from "../router/router";
import type { BundleFeature, BundleRole, NamedFeature } from "./parse";
import "../search/search.css";
import "./bundle.css";

const NEAREST = 10; // roles shown

export function FeatureOfBundle() {
  const id = Number(useRoute().arg ?? NaN);
  const feature = useResource<BundleFeature>(paths.feature(useSae()?.sae ?? "", id));
  return (
    <Loaded of={feature} what="the feature" missing={<Empty title="The bundle does not hold this feature" />}>
      {(data) => <Feature feature={data} />}
    </Loaded>
  );
}

function Feature({ feature }: { feature: BundleFeature }) {
  return (
    <div className="page bundle-page">
      <h1>
        <span className="faint">Feature</span> {feature.feature_id}
      </h1>
      <p className="bundle-label">
        <Label text={feature.label} whole />
      </p>
      <p className="bundle-links">
        <a href={href("map", null, { f: feature.feature_id })}>on the map, rank {count(feature.rank)}</a>
        {feature.preferred_role !== null && (
          <span>
            prefers <RoleLink role={feature.preferred_role} />
          </span>
        )}
        {feature.url !== null && (
          <a href={feature.url} target="_blank" rel="noreferrer noopener">
            Neuronpedia ↗
          </a>
        )}
      </p>
      {feature.top_roles.length > 0 && (
        <section>
          <h2>Strongest roles</h2>
          <table>
            <thead>
              <tr>
                <th>Role</th>
                <th className="num">Activation</th>
                <th className="num">Share</th>
              </tr>
            </thead>
            <tbody>
              {feature.top_roles.map((one) => (
                <tr key={one.role}>
                  <td>
                    <RoleLink role={one.role} />
                  </td>
                  <td className="num">{fmt(one.activation)}</td>
                  <td className="num">{percent(one.share)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {feature.metrics.length > 0 && (
        <section>
          <h2>Metrics</h2>
          <table>
            <tbody>
              {feature.metrics.map(({ name, value }) => (
                <tr key={name}>
                  <th scope="row">{METRICS[name as Metric]}</th>
                  <td className="num">{metricText(name as Metric, value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Features title="Nearest by cosine over roles" features={feature.near} similarity={(at) => feature.near[at]?.similarity ?? null} />
    </div>
  );
}

/** Pages of a study for which no bundle has anything. */
export function NotInBundle() {
  return (
    <Empty title="A bundle does not hold this">
      It is a map of features and roles, without responses or conversations. Close the bundle to see the study's own.
    </Empty>
  );
}

export function RoleOfBundle() {
  const role = useRoute().arg ?? "";
  const page = useResource<BundleRole>(paths.role(useSae()?.sae ?? "", role));
  return (
    <Loaded of={page} what="the role" missing={<Empty title="The bundle does not hold this role" />}>
      {(data) => (
        <div className="page bundle-page">
          <h1>
            <span className="faint">Role</span> <bdi>{data.role}</bdi>
          </h1>
          <p className="bundle-links">
            <a href={href("map", null, { roles: data.role })}>highlighted on the map</a>
          </p>
          {data.nearest.length > 0 && (
            <section>
              <h2>Nearest roles</h2>
              <table>
                <tbody>
                  {data.nearest.slice(0, NEAREST).map((one) => (
                    <tr key={one.role}>
                      <th scope="row">
                        <RoleLink role={one.role} />
                      </th>
                      <td className="num">{fixed(one.similarity, 3)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
          <Features title="Features that prefer it" features={data.features} />
        </div>
      )}
    </Loaded>
  );
}

function Features(props: { title: string; features: NamedFeature[]; similarity?: (at: number) => number | null }) {
  if (props.features.length === 0) return null;
  return (
    <section>
      <h2>{props.title}</h2>
      <ol className="found-features panel">
        {props.features.map((one, at) => (
          <li key={one.feature_id}>
            {props.similarity && <span className="num muted">{fixed(props.similarity(at), 3)}</span>}
            <FeatureLink id={one.feature_id} />
            <Label text={one.label} />
            {one.preferred_role !== null && <RoleLink role={one.preferred_role} />}
          </li>
        ))}
      </ol>
    </section>
  );
}
