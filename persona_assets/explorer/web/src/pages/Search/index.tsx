import { Empty } from "../../components/Loaded";
import { FeatureLink, Label, RoleLink } from "../../components/links";
import { Loading } from "../../components/Skeleton";
import { useOneStop } from "../../components/useOneStop";
import { Worth } from "../../components/Worth";
import { useStudy } from "../../data/StudyContext";
import type { SearchResult } from "../../generated/contract";
import { href, useRoute } from "../../router/router";
import { resultOf, useSearch } from "../../search/useSearch";
import { WordsFound } from "./WordsFound";
import "../../search/search.css";

/** Everything that answers to `?q=`. */
export default function SearchPage() {
  const text = (useRoute().params.get("q") ?? "").trim();
  const { live } = useStudy();
  const search = useSearch(text);
  const result = resultOf(search);
  if (text === "") return <Empty title="Nothing is searched for">The box above finds features, labels and roles; / leads to it.</Empty>;
  return (
    <div className="page search-page">
      <h1>
        Results for “<bdi className="untrusted">{text}</bdi>”
      </h1>
      {search.state === "failed" && <Empty title="The search failed">{search.error}</Empty>}
      {result === null && search.state !== "failed" && <Loading what="ids, labels and roles" />}
      {result !== null && <Found result={result} text={text} />}
      {live && <WordsFound key={text} text={text} />}
    </div>
  );
}

function Found({ result, text }: { result: SearchResult; text: string }) {
  const { features, roles } = result;
  const keys = useOneStop<HTMLOListElement>();
  return (
    <>
      <section aria-label="Roles">
        <header>
          <h2>Roles</h2>
          {roles.length === 0 && <span className="muted">none</span>}
        </header>
        <div className="found-roles">
          {roles.map((role) => (
            <RoleLink key={role} role={role} />
          ))}
        </div>
      </section>
      <section aria-label="Features">
        <header>
          <h2>Features</h2>
          {features.length === 0 && <span className="muted">none</span>}
          {features.length >= 20 && (
            <span className="muted">
              the best 20; <a href={href("table", null, { text })}>all in the table</a>
            </span>
          )}
        </header>
        {features.length > 0 && (
          <ol className="found-features panel" {...keys}>
            {features.map(({ feature_id, label, preferred_role }) => (
              <li key={feature_id}>
                <FeatureLink id={feature_id} />
                <Label text={label} found={text} />
                {label !== null && <Worth of={feature_id} />}
                {preferred_role !== null && <RoleLink role={preferred_role} />}
              </li>
            ))}
          </ol>
        )}
      </section>
    </>
  );
}
