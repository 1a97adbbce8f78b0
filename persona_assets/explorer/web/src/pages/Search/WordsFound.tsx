import { useState } from "react";
import { count } from "../../components/format";
import { Empty } from "../../components/Loaded";
import { RoleLink } from "../../components/links";
import { href } from "../../router/router";
import { type Hit, useWords, type Words } from "./useWords";

const FIRST = 3; // hits of a role that are shown at once

/** Words in responses: told while they are found, role by role, until stopped. */
export function WordsFound({ text }: { text: string }) {
  const [words, stop] = useWords(text);
  return (
    <section aria-label="Words in responses">
      <header>
        <h2>In responses</h2>
        <Progress words={words} stop={stop} />
      </header>
      {words.error !== null && (
        <p role="alert" className="untrusted search-note">
          {words.error}
        </p>
      )}
      {words.n === 0 && words.state === "ended" && words.error === null && <Empty title="No response has these words" />}
      {words.n > 0 && (
        <div className="panel">
          {[...words.byRole].map(([role, hits]) => (
            <OfRole key={role} role={role} hits={hits} text={text} />
          ))}
        </div>
      )}
    </section>
  );
}

function Progress({ words, stop }: { words: Words; stop: () => void }) {
  const found = `${count(words.n)} found`;
  if (words.state === "reading") {
    return (
      <>
        <progress className="words-progress" aria-label="Roles searched" value={words.done} max={words.of || 1} />
        <span className="muted">
          {count(words.done)} of {count(words.of)} roles, {found}
        </span>
        <button onClick={stop}>Stop</button>
      </>
    );
  }
  const part = words.state === "stopped" ? `, stopped after ${count(words.done)} of ${count(words.of)} roles` : "";
  const more = words.truncated ? "; there are more in some roles" : "";
  return (
    <span className="muted" role="status">
      {found} in {count(words.byRole.size)} roles{part}
      {more}
    </span>
  );
}

function OfRole({ role, hits, text }: { role: string; hits: Hit[]; text: string }) {
  const [all, setAll] = useState(false);
  return (
    <div className="words-role">
      <h3>
        <RoleLink role={role} params={{ q: text }} />
        <span className="muted">{count(hits.length)}</span>
        {hits.length > FIRST && (
          <button className="plain" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "show fewer" : `show all ${hits.length}`}
          </button>
        )}
      </h3>
      <ol>
        {(all ? hits : hits.slice(0, FIRST)).map((hit) => (
          <li key={hit.response_id}>
            <a className="mono" href={href("role", role, { response: hit.response_id })}>
              {hit.response_id}
            </a>
            <div>
              <div className="words-question untrusted" dir="auto">
                {hit.question.slice(0, 300)}
              </div>
              <div className="untrusted" dir="auto">
                …{hit.snippet.slice(0, hit.at)}
                <mark>{hit.snippet.slice(hit.at, hit.at + hit.length)}</mark>
                {hit.snippet.slice(hit.at + hit.length)}…
              </div>
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}
