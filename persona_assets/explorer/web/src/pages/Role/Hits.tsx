import { useEffect } from "react";
import { count } from "../../components/format";
import { Empty } from "../../components/Loaded";
import { useStudy } from "../../data/StudyContext";
import { hrefWith } from "../../router/router";
import { type Found, useResponseSearch } from "./useResponseSearch";

/** Where the words stand in the role's responses; each leads to its response. */
export function Hits({ role, words, nPages, onFound }: { role: string; words: string; nPages: number; onFound: () => void }) {
  const { live } = useStudy();
  const [search, cancel] = useResponseSearch(role, words, live, nPages);
  const found = search.hits.length > 0;
  useEffect(() => {
    if (found) onFound();
  }, [found, onFound]);
  return (
    <>
      <p className="search-state" role="status">
        <span>
          {count(search.hits.length)} {search.hits.length === 1 ? "response" : "responses"} with “<bdi>{words}</bdi>”
          {search.truncated && ", not all"}
          {search.running && ", looking …"}
        </span>
        {search.running && <button onClick={cancel}>Stop</button>}
      </p>
      {search.error !== null && (
        <p className="caution" role="alert">
          {search.error}
        </p>
      )}
      {search.hits.length > 0 ? (
        <ol className="panel response-list">
          {search.hits.map((hit) => (
            <Hit key={hit.response_id} hit={hit} />
          ))}
        </ol>
      ) : (
        !search.running && search.error === null && <Empty title="Nothing found">No response of this role has these words.</Empty>
      )}
    </>
  );
}

function Hit({ hit }: { hit: Found }) {
  const { snippet, at, length } = hit;
  return (
    <li className="response">
      <div className="response-meta">
        <a className="mono" href={hrefWith({ q: null, page: null, response: hit.response_id })}>
          {hit.response_id}
        </a>
      </div>
      <div className="response-body">
        <div className="question untrusted" dir="auto">
          {hit.question}
        </div>
        <div className="untrusted" dir="auto">
          … {snippet.slice(0, at)}
          <mark>{snippet.slice(at, at + length)}</mark>
          {snippet.slice(at + length)} …
        </div>
      </div>
    </li>
  );
}
