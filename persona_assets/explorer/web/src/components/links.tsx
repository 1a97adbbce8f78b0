import type { ReactNode } from "react";
import { href, type Params } from "../router/router";
import "./links.css";

/** Text of a label or a model: isolated in direction, cut at one line unless `whole`. */
export function Label({ text, whole = false }: { text: string | null; whole?: boolean }) {
  if (text === null || text.trim() === "") return <span className="faint">no label</span>;
  if (whole) return <bdi className="untrusted">{text}</bdi>;
  const short = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return (
    <bdi className="label-cut" title={short}>
      {short}
    </bdi>
  );
}

/** A link to a feature's page: its id, and its label beside where it is given. */
export function FeatureLink(props: { id: number; label?: string | null; params?: Params }) {
  const link = (
    <a className="feature-link" href={href("feature", props.id, props.params)}>
      {props.id}
    </a>
  );
  if (props.label === undefined) return link;
  return (
    <span className="feature-and-label">
      {link}
      <Label text={props.label} />
    </span>
  );
}

/** A link to a role's page. */
export function RoleLink(props: { role: string; params?: Params; children?: ReactNode }) {
  return (
    <a className="role-link" href={href("role", props.role, props.params)}>
      {props.children ?? <bdi>{props.role}</bdi>}
    </a>
  );
}
