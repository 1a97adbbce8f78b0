import { lazy, Suspense } from "react";
import { count } from "../../components/format";
import { Loading } from "../../components/Skeleton";
import { useStudy } from "../../data/StudyContext";
import { server } from "./asker";
import { Console } from "./Console";

// The live explorer needs none of it.
const SiteConsole = lazy(async () => ({ default: (await import("./site/SiteConsole")).SiteConsole }));

const SAYS = `Read-only; one statement; the first ${count(1000)} rows are shown, exports hold up to ${count(1_000_000)}.`;

export default function SqlPage() {
  const { live } = useStudy();
  return (
    <>
      <h1 className="hidden-label">SQL console</h1>
      {live ? (
        <Console asker={server} lacking={[]} says={SAYS} />
      ) : (
        <Suspense fallback={<Loading what="the console" />}>
          <SiteConsole />
        </Suspense>
      )}
    </>
  );
}
