import { useEffect } from "react";
import { bundles, type Held, titlesOf, useBundle } from "../bundle/store";
import { moment } from "../components/format";
import { useConnection } from "../data/connection";
import type { StudyState } from "../data/StudyContext";
import type { Study } from "../generated/contract";

const SHOWN_MS = 8000;

/** What happened to the server or the snapshot while the page was open. */
export function Notices({ moved, dismiss }: { moved: Study | null; dismiss: () => void }) {
  const { gone } = useConnection();
  const { opened, held, errors } = useBundle();
  useEffect(() => {
    if (moved === null) return;
    const timer = setTimeout(dismiss, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [moved, dismiss]);
  return (
    <div className="notices" role="status" aria-live="polite">
      {gone && <p className="notice warn">The server is gone. Asking again every few seconds; what is shown stays.</p>}
      {opened !== null && <BundleShown opened={opened} held={held} />}
      {errors.map((error) => (
        <p key={error} className="notice bad">
          <span className="untrusted">{error}</span>
          <button className="plain" onClick={() => bundles.dismiss(error)}>
            Dismiss
          </button>
        </p>
      ))}
      {moved !== null && !gone && (
        <p className="notice">
          Moved to a newer snapshot, published {moment(moved.published_at)}.
          <button className="plain" onClick={dismiss} aria-label="Dismiss this notice">
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}

/** Which bundle is shown, and the choice of another where several were opened. */
function BundleShown({ opened, held }: { opened: StudyState; held: Held[] }) {
  const titles = titlesOf(held);
  return (
    <p className="notice">
      <span>
        A bundle is shown, <bdi>{opened.study.name}</bdi>: a map, without responses.
      </span>
      {held.length > 1 && (
        <select
          aria-label="Which bundle is shown"
          value={held.find((one) => one.state === opened)?.id}
          onChange={(event) => bundles.show(Number(event.target.value))}
        >
          {held.map(({ id }, at) => (
            <option key={id} value={id}>
              {titles[at]}
            </option>
          ))}
        </select>
      )}
      <button className="plain" onClick={bundles.close}>
        Close it
      </button>
    </p>
  );
}
