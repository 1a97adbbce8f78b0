import { moment } from "../../components/format";
import { Failure } from "../../components/Loaded";
import { Loading } from "../../components/Skeleton";
import { useStudy } from "../../data/StudyContext";
import type { Resource } from "../../data/useResource";
import type { FindingCheck } from "../../generated/contract";

/** Whether the finding holds today, or, on a site, held when the site was made. */
export function Check({ check, again }: { check: Resource<FindingCheck>; again: () => void }) {
  const { live } = useStudy();
  if (check.state === "loading") return <Loading what="today’s answer" />;
  if (check.state === "error") {
    if (!live && check.status === 404) return <p className="muted">It was not checked when this site was made.</p>;
    return <Failure {...check} retry={again} />;
  }
  return (
    <>
      <Verdict check={check.data} />
      <p className="footnote finding-checked">
        {live ? "Checked" : "This is a static site: checked when it was made,"} {moment(check.data.checked_at)}.{" "}
        {live && (
          <button className="plain" onClick={again} disabled={check.stale}>
            {check.stale ? "asking …" : "check again"}
          </button>
        )}
      </p>
    </>
  );
}

function Verdict({ check }: { check: FindingCheck }) {
  if (check.error !== null) {
    return (
      <p className="finding-verdict" role="status">
        <span className="chip bad">cannot be asked</span> <span className="untrusted">{check.error}</span>
      </p>
    );
  }
  const of = check.same_snapshot ? "the snapshot that it was saved from" : `another snapshot, ${check.snapshot ?? ""}`;
  if (check.told.length === 0) {
    return (
      <p className="finding-verdict" role="status">
        <span className="chip good">holds</span> The same rows and numbers, by {of}
        {check.published_at !== null && <> of {moment(check.published_at)}</>}.
      </p>
    );
  }
  return (
    <div className="finding-verdict" role="status">
      <span className="chip warn">moved</span> By {of}:
      <ul>
        {check.told.map((one, at) => (
          <li key={at}>
            <bdi className="untrusted">{one}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}
