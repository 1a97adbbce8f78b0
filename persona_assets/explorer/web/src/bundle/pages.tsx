/** The pages of a feature and a role of a bundle: what the file has, and no empty places for what it has not. */

import type { ReactNode } from "react";
import { count, fixed, fmt, percent } from "../components/format";
import { Empty, Loaded } from "../components/Loaded";
import { FeatureLink, Label, RoleLink } from "../components/links";
import { Rows } from "../components/Rows";
import { useSae } from "../data/StudyContext";
import { useResource } from "../data/useResource";
import { paths } from "../generated/paths";
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
    <Loaded of={feature} what="the feature" shape="page" missing={<Empty title="The bundle does not hold this feature" />}>
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
      <Numbers
        title="Strongest roles"
        heads={["Role", "Activation", "Share"]}
        rows={feature.top_roles.map((one) => [one.role, <RoleLink role={one.role} />, fmt(one.activation), percent(one.share)])}
      />
      <Numbers
        title="Metrics"
        rows={feature.metrics.map(({ name, value }) => [name, METRICS[name as Metric], metricText(name as Metric, value)])}
      />
      <Features title="Nearest by cosine over roles" features={feature.near} number={(at) => fixed(feature.near[at]?.similarity, 3)} />
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
    <Loaded of={page} what="the role" shape="page" missing={<Empty title="The bundle does not hold this role" />}>
      {(data) => (
        <div className="page bundle-page">
          <h1>
            <span className="faint">Role</span> <bdi>{data.role}</bdi>
          </h1>
          <p className="bundle-links">
            <a href={href("map", null, { roles: data.role })}>highlighted on the map</a>
          </p>
          <Numbers
            title="Nearest roles"
            rows={data.nearest.slice(0, NEAREST).map((one) => [one.role, <RoleLink role={one.role} />, fixed(one.similarity, 3)])}
          />
          <Features
            title="Features that prefer it, and the role's share of each"
            features={data.features}
            number={(at) => percent(data.features[at]?.share)}
          />
        </div>
      )}
    </Loaded>
  );
}

function Features(props: { title: string; features: NamedFeature[]; number: (at: number) => string }) {
  if (props.features.length === 0) return null;
  return (
    <section>
      <h2>{props.title}</h2>
      <ol className="found-features panel">
        {props.features.map((one, at) => (
          <li key={one.feature_id}>
            <span className="num muted">{props.number(at)}</span>
            <FeatureLink id={one.feature_id} />
            <Label text={one.label} />
            {one.preferred_role !== null && <RoleLink role={one.preferred_role} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A section with a table of names and their numbers; a row begins with its key. */
function Numbers({
  title,
  heads,
  rows,
}: {
  title: string;
  heads?: string[];
  rows: [key: string, name: ReactNode, ...numbers: string[]][];
}) {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <table>
        {heads && (
          <thead>
            <tr>
              {heads.map((head, at) => (
                <th key={head} className={at > 0 ? "num" : undefined}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <Rows>
          {rows.map(([key, name, ...numbers]) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              {numbers.map((number, at) => (
                <td key={at} className="num">
                  {number}
                </td>
              ))}
            </tr>
          ))}
        </Rows>
      </table>
    </section>
  );
}
