import type { ReactNode } from "react";
import { href, type Params } from "../router/router";
import "./links.css";
import { Worth } from "./Worth";

const BEFORE = 20; // letters of a label that stay before what was found in it

/** The text from a little before what was searched for, where that stands further in than is shown. */
export function fromMatch(text: string, found: string | undefined): string {
  const at = found ? text.toLowerCase().indexOf(found.trim().toLowerCase()) : -1;
  return at > 2 * BEFORE ? `…${text.slice(at - BEFORE)}` : text;
}

/** Text of a label or a model: isolated in direction, cut at one line unless `whole`, so that what was `found` in it is in view. */
export function Label({ text, whole = false, found }: { text: string | null; whole?: boolean; found?: string }) {
  if (text === null || text.trim() === "") return <span className="faint">no label</span>;
  if (whole) return <bdi className="untrusted">{text}</bdi>;
  const short = (one: string) => (one.length > 300 ? `${one.slice(0, 300)}…` : one);
  return (
    <bdi className="label-cut" title={short(text)}>
      {short(fromMatch(text, found))}
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
      {props.label !== null && <Worth of={props.params?.sae === undefined ? props.id : undefined} />}
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
