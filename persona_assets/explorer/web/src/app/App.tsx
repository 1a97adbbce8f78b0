import { Suspense, useCallback, useEffect, useState } from "react";
import { useBundle } from "../bundle/store";
import { Empty } from "../components/Loaded";
import { Loading } from "../components/Skeleton";
import { WorthProvider } from "../components/Worth";
import { useStudy } from "../data/StudyContext";
import { StudyProvider } from "../data/StudyProvider";
import type { Study } from "../generated/contract";
import { useHelp } from "../help/useHelp";
import { PAGES, shownAt } from "../router/pages";
import { useRoute } from "../router/router";
import { ErrorBoundary } from "./ErrorBoundary";
import { Header } from "./Header";
import { lazyChunk } from "./lazyChunk";
import { Notices } from "./Notices";
import { BUNDLE_COMPONENTS, PAGE_COMPONENTS } from "./pages";
import { Source } from "./Source";
import "./shell.css";

const HelpPanel = lazyChunk(() => import("../help/HelpPanel"));

export function App() {
  const [moved, setMoved] = useState<Study | null>(null);
  const help = useHelp();
  const dismiss = useCallback(() => setMoved(null), []);
  return (
    <StudyProvider onMoved={setMoved}>
      <a className="skip" href="#main" onClick={(event) => skip(event)}>
        Skip to the page
      </a>
      <WorthProvider>
        <Header help={help} />
        <Source />
        <Notices moved={moved} dismiss={dismiss} />
        <div className="stage">
          <main id="main" tabIndex={-1}>
            <CurrentPage />
          </main>
          <Suspense>{help.open && <HelpPanel close={help.close} />}</Suspense>
        </div>
      </WorthProvider>
    </StudyProvider>
  );
}

/** The hash is the route: the link only moves the focus. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function CurrentPage() {
  const { page: named, arg } = useRoute();
  const { name } = useStudy();
  const bundled = useBundle().opened !== null;
  const page = shownAt(named, bundled);
  useEffect(() => {
    document.title = [arg, page && PAGES[page].title, name].filter(Boolean).join(" · ");
  }, [page, arg, name]);
  if (page === null) return <Empty title="There is no such page">The navigation above leads to all there are.</Empty>;
  const Component = (bundled && BUNDLE_COMPONENTS[page]) || PAGE_COMPONENTS[page]!;
  return (
    <ErrorBoundary at={`${page}/${arg}`}>
      <Suspense fallback={<Loading what="the page" shape={PAGES[page].shape} />}>
        <Component />
      </Suspense>
    </ErrorBoundary>
  );
}
