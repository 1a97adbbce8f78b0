import { useCallback, useEffect, useRef, useState } from "react";
import { count } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { ResponsesPage } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { setParams, useParam } from "../../router/router";
import { Hits } from "./Hits";
import { ResponseItem } from "./ResponseItem";
import { usePageOf } from "./usePageOf";

const TYPING_MS = 300;

/** The role's responses: all, page by page, or those with given words in them. */
export function Responses({ role, n, nPages }: { role: string; n: number; nPages: number }) {
  const [words] = useParam("q");
  const place = useRef<HTMLDivElement>(null);
  const arrived = useRef(words !== ""); // by a link to what is found: it is brought into view, once it is there
  const show = useCallback(() => {
    if (arrived.current) place.current?.scrollIntoView({ block: "start" });
    arrived.current = false;
  }, []);
  return (
    <Section title="Responses" note={`${count(n)}, by variant and question`} aside={<SearchBox key={words} role={role} words={words} />}>
      <div ref={place} className="responses">
        {n === 0 ? (
          <Empty title="No responses yet">This snapshot holds none that fit today's settings.</Empty>
        ) : words !== "" ? (
          <Hits role={role} words={words} nPages={nPages} onFound={show} />
        ) : (
          <Paged role={role} nPages={nPages} />
        )}
      </div>
    </Section>
  );
}

function SearchBox({ role, words }: { role: string; words: string }) {
  const [text, setText] = useState(words);
  useEffect(() => {
    if (text.trim() === words) return;
    const timer = setTimeout(() => setParams({ q: text.trim(), response: null }, { replace: true }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, words]);
  const { live } = useStudy();
  return (
    <input
      type="search"
      className="response-search"
      placeholder={live ? "words in its responses" : "words in the exported responses"}
      aria-label={`Words in the responses of ${role}`}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

function Paged({ role, nPages }: { role: string; nPages: number }) {
  const [asked] = useParam("page", "1");
  const [response] = useParam("response");
  const wanted = response === "" ? null : Number(response);
  const found = usePageOf(role, wanted, nPages);
  const page = wanted === null ? Math.min(nPages, Math.max(1, Number(asked) || 1)) : found;
  const content = useResource<ResponsesPage>(page === null ? null : paths.responses(role, page));
  const missing = <Empty title="This page was not exported">A static site holds the first pages of a role's responses.</Empty>;
  return (
    <>
      <Pager page={page} nPages={nPages} label="Pages of responses" />
      <Loaded of={content} what="the responses" shape="table" missing={missing}>
        {({ responses }) => (
          <ol className="panel response-list">
            {responses.map((row) => (
              <ResponseItem key={row.response_id} row={row} marked={row.response_id === wanted} />
            ))}
          </ol>
        )}
      </Loaded>
      <Pager page={page} nPages={nPages} label="Pages of responses, again" />
    </>
  );
}

function Pager({ page, nPages, label }: { page: number | null; nPages: number; label: string }) {
  if (nPages < 2 || page === null) return null;
  const go = (to: number) => setParams({ page: to === 1 ? null : to, response: null });
  return (
    <nav className="pager" aria-label={label}>
      <button disabled={page <= 1} onClick={() => go(page - 1)}>
        ← previous
      </button>
      <span>
        page {count(page)} of {count(nPages)}
      </span>
      <button disabled={page >= nPages} onClick={() => go(page + 1)}>
        next →
      </button>
    </nav>
  );
}
