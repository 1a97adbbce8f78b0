import { type ReactNode, useEffect, useRef, useState } from "react";
import { useResource } from "../../data/useResource";
import type { SchemaEntry } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { setParams, useRoute } from "../../router/router";
import type { Asker } from "./asker";
import { Editor, type EditorHandle } from "./Editor";
import { Results } from "./Results";
import { Sidebar } from "./Sidebar";
import { useRun } from "./useRun";
import "./sql.css";

const TYPING_MS = 400;
const NONE: SchemaEntry[] = [];

interface ConsoleProps {
  asker: Asker;
  lacking: string[]; // tables, views and macros of the study that cannot be asked here
  says: ReactNode; // beside the button: what may be asked, and what it takes
}

/**
 * The text is in the address as `q`; `run` says that it was asked, so that a link shows its answer too.
 * The history holds one entry per query that was asked: what is being typed becomes the next of them.
 */
export function Console({ asker, lacking, says }: ConsoleProps) {
  const { params } = useRoute();
  const text = params.get("q") ?? "";
  const asked = params.has("run");
  const [nonce, setNonce] = useState(0);
  const [run, cancel] = useRun(asker, asked ? text : null, nonce);
  const schema = useResource<SchemaEntry[]>(paths.schema());
  const editor = useRef<EditorHandle>(null);
  const typed = useTyped(text, asked);
  const ask = (sql: string, replace: boolean) => {
    typed.forget();
    setNonce((before) => before + 1);
    setParams({ q: sql, run: 1 }, { replace });
  };
  const problem = run.state === "failed" && run.sql === text ? run.problem : null;
  return (
    <div className="sql">
      <Sidebar schema={schema} lacking={lacking} insert={(piece) => editor.current?.insert(piece)} open={(sql) => ask(sql, false)} />
      <div className="sql-main">
        <Editor
          ref={editor}
          value={text}
          onChange={typed.change}
          onRun={(sql) => ask(sql, !asked)}
          schema={schema.state === "ready" ? schema.data : NONE}
          problem={problem}
        />
        <div className="sql-bar">
          <button className="primary" onClick={() => ask(typed.latest(), !asked)}>
            Run <kbd>{/Mac/.test(navigator.platform) ? "⌘" : "Ctrl"} ↵</kbd>
          </button>
          <span className="muted">{says}</span>
        </div>
        <div className="sql-results">
          <Results run={run} asker={asker} cancel={cancel} written={text !== ""} />
        </div>
      </div>
    </div>
  );
}

/** What is typed goes to the address after a pause: a new entry of the history over an answered query, else the same. */
function useTyped(text: string, asked: boolean) {
  const latest = useRef(text);
  const timer = useRef(0);
  const state = useRef({ asked });
  state.current = { asked };
  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return {
    latest: () => latest.current,
    forget: () => clearTimeout(timer.current),
    change: (now: string) => {
      latest.current = now;
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => setParams({ q: now, run: null }, { replace: !state.current.asked }), TYPING_MS);
    },
  };
}
