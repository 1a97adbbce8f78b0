import { type ReactNode, useId } from "react";
import "./help.css";

/** A question mark that explains a term: on hover, on focus, and to a screen reader. `about` names the term. */
export function Help({ about, children }: { about: string; children: ReactNode }) {
  const id = useId();
  return (
    <span className="help">
      <button type="button" className="help-mark" aria-label={`About ${about}`} aria-describedby={id}>
        ?
      </button>
      <span role="tooltip" id={id} className="help-text">
        {children}
      </span>
    </span>
  );
}
