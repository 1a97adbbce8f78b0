import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, type Extension, Prec, type Text } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { Problem, SchemaEntry } from "../../generated/contract";
import { language } from "./language";
import { overSelection } from "./overSelection";
import { theme } from "./theme";

export interface EditorHandle {
  insert: (text: string) => void; // at the cursor
}

interface EditorProps {
  ref: Ref<EditorHandle>;
  value: string; // the document follows it when it changes from outside
  onChange: (text: string) => void;
  onRun: (text: string) => void;
  schema: SchemaEntry[];
  problem: Problem | null; // shown where it is
}

const fromOutside = Annotation.define<boolean>(); // the page changed the document, not the reader
const LABEL = "SQL query. Control or Command and Enter runs it; Escape, then Tab, leaves the editor.";

/**
 * The editor, in a shadow root: there CodeMirror's style sheets are adopted, not written into the page, which
 * the content security policy forbids. The theme's variables reach into it.
 */
export function Editor({ ref, value, onChange, onRun, schema, problem }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const languages = useRef(new Compartment());
  const told = useRef(value); // what the page knows the document to be
  const calls = useRef({ onChange, onRun });
  calls.current = { onChange, onRun };

  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    const editor = new EditorView({
      parent: root,
      root,
      state: EditorState.create({ doc: told.current, extensions: extensions(calls, told, languages.current) }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: languages.current.reconfigure(language(schema)) });
  }, [schema]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || value === told.current) return;
    told.current = value;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value }, annotations: fromOutside.of(true) });
  }, [value]);

  useEffect(() => {
    const editor = view.current;
    if (editor) editor.dispatch(setDiagnostics(editor.state, diagnostics(editor.state.doc, problem)));
  }, [problem]);

  useImperativeHandle(ref, () => ({
    insert: (text) => {
      const editor = view.current;
      if (!editor) return;
      editor.dispatch(editor.state.replaceSelection(text));
      editor.focus();
    },
  }));
  return <div className="sql-editor" ref={host} />;
}

type Calls = Pick<EditorProps, "onChange" | "onRun">;

/** What the editor can do; it calls what `calls` holds at that time, and keeps `told` at what the document is. */
function extensions(calls: { current: Calls }, told: { current: string }, languages: Compartment): Extension[] {
  const run = (editor: EditorView) => {
    closeCompletion(editor); // also one that is still being looked for
    calls.current.onRun(editor.state.doc.toString());
    return true;
  };
  return [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
    lineNumbers(),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    overSelection,
    autocompletion({ icons: false }),
    highlightActiveLine(),
    lintGutter(),
    EditorView.lineWrapping,
    placeholder("select … from …"),
    EditorView.contentAttributes.of({ "aria-label": LABEL }),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged || update.transactions.some((one) => one.annotation(fromOutside))) return;
      told.current = update.state.doc.toString();
      calls.current.onChange(told.current);
    }),
    languages.of([]),
    theme,
  ];
}

/** From where the error begins to the end of the word there. */
function diagnostics(text: Text, problem: Problem | null): Diagnostic[] {
  if (problem?.line === undefined || problem.line > text.lines) return [];
  const line = text.line(problem.line);
  const from = Math.min(line.to, line.from + Math.max(0, (problem.column ?? 1) - 1));
  const word = /^\w+/.exec(text.sliceString(from, line.to))?.[0].length ?? 1;
  return [{ from, to: Math.min(line.to, from + word), severity: "error", message: problem.error }];
}
