/** The help beside a page. */
import { useBundle } from "../bundle/store";
import { PAGES, shownAt } from "../router/pages";
import { useRoute } from "../router/router";
import { BUNDLE_HELP, EVERYWHERE, type Help, type HelpText, STUDY_HELP } from "./texts";
import "./panel.css";

export default function HelpPanel({ close }: { close: () => void }) {
  const bundled = useBundle().opened !== null;
  const page = shownAt(useRoute().page, bundled);
  const ofStudy: Help = STUDY_HELP;
  const text = page && ((bundled && BUNDLE_HELP[page]) || ofStudy[page]);
  return (
    <aside className="help-panel" id="help" aria-label="Help">
      <div className="help-head">
        <h2>{page === null ? "Help" : `How to read this page: ${PAGES[page].title}`}</h2>
        <button className="plain" onClick={close} aria-label="Close the help">
          ×
        </button>
      </div>
      {/* The page scrolls by the keyboard, and so does what stands beside it. */}
      <section className="help-body" tabIndex={0} aria-label="What the page shows">
        {text && <Told text={text} />}
        <h3>Keys</h3>
        <Terms of={[...(text?.keys ?? []), ...EVERYWHERE]} keys />
        <p className="muted">A column’s head and a “?” say more when they are pointed at.</p>
      </section>
    </aside>
  );
}

function Told({ text: { shows, read } }: { text: HelpText }) {
  return (
    <>
      <p>{shows}</p>
      <Terms of={read} />
    </>
  );
}

function Terms({ of, keys = false }: { of: readonly (readonly [string, string])[]; keys?: boolean }) {
  return (
    <dl>
      {of.map(([term, meaning]) => (
        <div key={`${term} ${meaning}`}>
          <dt>{keys ? <kbd>{term}</kbd> : term}</dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
