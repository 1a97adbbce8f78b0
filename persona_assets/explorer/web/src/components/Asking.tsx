import type { ReactNode } from "react";
import { useStudy } from "../data/StudyContext";
import type { Posted } from "../data/usePosted";
import { Empty } from "./Loaded";
import { Loading } from "./Skeleton";
import "./parts.css";
import "./asking.css";

/** What was posted, while it is answered and after: an error says why, and nothing stands before the first. */
export function Answered<A>({ of, what, children }: { of: Posted<A>; what: string; children: (result: A, number: number) => ReactNode }) {
  if (of.state === "idle") return null;
  if (of.state === "running") return <Loading what={what} />;
  if (of.state === "failed") {
    return (
      <p className="caution" role="alert">
        <span className="untrusted">{of.problem.error}</span>
      </p>
    );
  }
  return children(of.result, of.number);
}

export function NoModel() {
  const { name } = useStudy();
  return (
    <Empty title="No model is loaded">
      Start the explorer so: <code>persona explore {name} --model</code>
    </Empty>
  );
}
