import { useRef, useState } from "react";
import { useBundle } from "../bundle/store";
import { bibtex, citation, sourceOf } from "../components/cite";
import { useSae, useStudy } from "../data/StudyContext";
import { PAGES, shownAt } from "../router/pages";
import { useRoute } from "../router/router";

/** What the page is of, in one line; opened, it is cited as a line or in BibTeX. */
export function Source() {
  const study = useStudy();
  const sae = useSae();
  const { page: named, arg } = useRoute();
  const page = shownAt(named, useBundle().opened !== null);
  const title = [page && PAGES[page].title, arg].filter(Boolean).join(" ");
  return (
    <details className="source">
      <summary>
        {sourceOf(study, sae).join(" · ")} <span className="source-cite">cite</span>
      </summary>
      <Quoted name="as a line" text={citation(study, sae, title)} />
      <Quoted name="BibTeX" text={bibtex(study, sae, title)} />
      <a href="licenses.txt">Licenses of the software in these pages</a>
    </details>
  );
}

function Quoted({ name, text }: { name: string; text: string }) {
  const shown = useRef<HTMLPreElement>(null);
  const [said, say] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("copied");
    } catch {
      if (shown.current) getSelection()?.selectAllChildren(shown.current); // where the browser lets no page copy
      say("marked: copy it with your keys");
    }
  };
  return (
    <div className="source-quoted">
      <pre className="untrusted" ref={shown}>
        {text}
      </pre>
      <button onClick={() => void copy()}>Copy {name}</button>
      <span role="status" className="muted">
        {said}
      </span>
    </div>
  );
}
