import { useState } from "react";
import { Loaded } from "../../components/Loaded";
import { Tabs } from "../../components/Tabs";
import { useOneStop } from "../../components/useOneStop";
import { type Resource, useResource } from "../../data/useResource";
import type { SchemaEntry, SqlExample } from "../../generated/contract";
import { paths } from "../../generated/paths";

interface SidebarProps {
  schema: Resource<SchemaEntry[]>;
  lacking: string[];
  insert: (text: string) => void;
  open: (sql: string) => void;
}

/** What there is to ask, and questions to begin with. */
export function Sidebar({ schema, lacking, insert, open }: SidebarProps) {
  const [chosen, choose] = useState("examples");
  const tabs = [
    { key: "examples", title: "Examples", body: () => <Examples open={open} /> },
    {
      key: "schema",
      title: "Tables",
      body: () => (
        <Loaded of={schema} what="the schema">
          {(entries) => <Schema entries={entries} lacking={lacking} insert={insert} />}
        </Loaded>
      ),
    },
  ];
  return (
    <aside className="sql-sidebar" aria-label="Examples and tables">
      <Tabs label="Examples and tables" tabs={tabs} chosen={chosen} choose={choose} />
    </aside>
  );
}

function Examples({ open }: { open: (sql: string) => void }) {
  const examples = useResource<SqlExample[]>(paths.examples());
  return (
    <Loaded of={examples} what="the examples">
      {(list) => <Questions list={list} open={open} />}
    </Loaded>
  );
}

function Questions({ list, open }: { list: SqlExample[]; open: (sql: string) => void }) {
  return (
    <ul className="sql-examples" {...useOneStop<HTMLUListElement>()}>
      {list.map((example) => (
        <li key={example.name}>
          <button onClick={() => open(example.sql)} title={example.name}>
            {example.title}
          </button>
        </li>
      ))}
    </ul>
  );
}

const KINDS = { table: "Tables", view: "Views", macro: "Macros" } as const;

function Schema({ entries, lacking, insert }: { entries: SchemaEntry[]; lacking: string[]; insert: (text: string) => void }) {
  const [word, setWord] = useState("");
  const wanted = word.trim().toLowerCase();
  const fits = (entry: SchemaEntry) =>
    [entry.name, ...entry.columns.map((column) => column.name)].some((name) => name.toLowerCase().includes(wanted));
  const shown = entries.filter(fits);
  return (
    <div className="schema">
      <input
        type="search"
        placeholder="find a table or column"
        aria-label="Find a table or column"
        value={word}
        onChange={(event) => setWord(event.target.value)}
      />
      {Object.entries(KINDS).map(([kind, title]) => {
        const group = shown.filter((entry) => entry.kind === kind);
        if (group.length === 0) return null;
        return (
          <section key={kind}>
            <h3>{title}</h3>
            {group.map((entry) => (
              <Entry key={entry.name} entry={entry} insert={insert} opened={wanted !== ""} />
            ))}
          </section>
        );
      })}
      {shown.length === 0 && <p className="muted">Nothing has this in its name.</p>}
      {lacking.length > 0 && (
        <section>
          <h3>Not in this site</h3>
          <p className="muted">
            <code>persona explore</code> has these too, which read the study's Parquet files, or need DuckDB's extension json:{" "}
            {lacking.join(", ")}.
          </p>
        </section>
      )}
    </div>
  );
}

function Entry({ entry, insert, opened }: { entry: SchemaEntry; insert: (text: string) => void; opened: boolean }) {
  const parameters = entry.columns.map((column) => column.name).join(", ");
  return (
    <details open={opened || undefined}>
      <summary>
        <span className="mono">{entry.name}</span>
        {entry.kind === "macro" && <span className="mono faint">({parameters})</span>}
      </summary>
      {entry.comment !== null && <p className="muted">{entry.comment}</p>}
      <ul>
        <li>
          <button className="plain" onClick={() => insert(entry.kind === "macro" ? `${entry.name}(` : entry.name)}>
            insert {entry.name}
          </button>
        </li>
        {entry.columns.map((column) => (
          <li key={column.name}>
            <button className="plain mono" onClick={() => insert(column.name)} aria-label={`Insert ${column.name}`}>
              {column.name}
            </button>
            {column.type !== null && <span className="mono faint"> {column.type.toLowerCase()}</span>}
            {column.comment !== null && <div className="muted">{column.comment}</div>}
          </li>
        ))}
      </ul>
    </details>
  );
}
