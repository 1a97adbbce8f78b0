import type { ReactNode } from "react";
import { useConnection } from "../data/connection";
import type { Resource } from "../data/useResource";
import type { Problem } from "../generated/contract";
import { Loading, type Shape } from "./Skeleton";
import "./loaded.css";

interface LoadedProps<T> {
  of: Resource<T>;
  what: string;
  shape?: Shape; // of what comes
  missing?: ReactNode;
  children: (data: T) => ReactNode;
}

/** What cannot be shown and why; `again`: the page asks by itself until the server is back. */
export function Failure(props: { problem: Problem; status: number | null; again?: boolean; retry?: () => void }) {
  const { problem, status, again, retry } = props;
  return (
    <div className="state" role="alert">
      <strong>{again ? "The server is gone" : status === 404 ? "Not here" : "This could not be read"}</strong>
      <span className="muted untrusted">{again ? "Asking again every few seconds." : problem.error}</span>
      {retry && <button onClick={retry}>Try again</button>}
    </div>
  );
}

/** Nothing to show, and why that is not an error. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <strong>{title}</strong>
      {children && <span className="muted">{children}</span>}
    </div>
  );
}

/** A resource's states: `<Loaded of={useResource<RolePage>(path)} what="the role" shape="role">{(page) => …}</Loaded>`. */
export function Loaded<T>({ of: resource, what, shape, missing, children }: LoadedProps<T>) {
  const { gone } = useConnection();
  if (resource.state === "loading") return <Loading what={what} shape={shape} />;
  if (resource.state === "error") {
    if (resource.status === 404 && missing !== undefined) return missing;
    return <Failure {...resource} again={gone && resource.status === null} />;
  }
  return <div className={resource.stale ? "loaded stale" : "loaded"}>{children(resource.data)}</div>;
}
