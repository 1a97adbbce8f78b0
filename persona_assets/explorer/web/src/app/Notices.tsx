import { useEffect } from "react";
import type { Study } from "../contract";
import { moment } from "../components/format";
import { useConnection } from "../data/connection";

const SHOWN_MS = 8000;

/** What happened to the server or the snapshot while the page was open. */
export function Notices({ moved, dismiss }: { moved: Study | null; dismiss: () => void }) {
  const { gone } = useConnection();
  useEffect(() => {
    if (moved === null) return;
    const timer = setTimeout(dismiss, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [moved, dismiss]);
  return (
    <div className="notices" role="status" aria-live="polite">
      {gone && <p className="notice warn">The server is gone. Asking again every few seconds; what is shown stays.</p>}
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
