import type { ReactNode } from "react";
import { useSae, useStudy } from "../data/StudyContext";
import type { RoleEntry } from "../generated/contract";
import "./parts.css";

export interface SectionProps {
  title: ReactNode;
  note?: ReactNode;
  aside?: ReactNode; // at the right of the title
  className?: string;
  children?: ReactNode;
}

/** A titled part of a page. */
export function Section(props: SectionProps) {
  return (
    <section className={`section ${props.className ?? ""}`}>
      <header className="section-head">
        <h2>{props.title}</h2>
        {props.note && <span className="section-note">{props.note}</span>}
        {props.aside && <span className="section-aside">{props.aside}</span>}
      </header>
      {props.children}
    </section>
  );
}

/** A titled part of a page that is open only for whoever asks for it. */
export function Fold({ title, note, children }: Pick<SectionProps, "title" | "note" | "children">) {
  return (
    <details className="section fold">
      <summary className="section-head">
        <h2>{title}</h2>
        {note && <span className="section-note">{note}</span>}
      </summary>
      {children}
    </details>
  );
}

/** Names with their values in a row: the numbers that describe one thing. */
export function Facts({ facts }: { facts: [name: string, value: ReactNode, hint?: string][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value, hint]) => (
        <div key={name} title={hint}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A role of the study, chosen from a list; `except` are left out, and those that the SAE has not read cannot be chosen. */
export function RoleChoice(props: { label: string; value: string; choose: (role: string) => void; except?: string[]; empty?: string }) {
  const { roles } = useStudy();
  const sae = useSae();
  const offered = roles.filter((one) => !props.except?.includes(one.role));
  const isRead = (one: RoleEntry) => sae !== null && one.read_by.includes(sae.sae);
  return (
    <label className="role-choice">
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.choose(event.target.value)}>
        {(props.empty !== undefined || !offered.some((one) => one.role === props.value)) && (
          <option value="">{props.empty ?? "choose a role"}</option>
        )}
        {offered.map((one) => (
          <option key={one.role} value={one.role} disabled={!isRead(one)}>
            {isRead(one) ? one.role : `${one.role} (${one.n_responses === 0 ? "no answers yet" : "not read yet"})`}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A bar behind a number of 0–1, beside which it stands. */
export function Meter({ share }: { share: number }) {
  return (
    <span className="meter" aria-hidden="true">
      <span style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
    </span>
  );
}
