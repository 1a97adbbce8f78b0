import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Label } from "../components/links";
import { plainKey } from "../components/plainKey";
import { Worth } from "../components/Worth";
import { useStudy } from "../data/StudyContext";
import type { SearchResult } from "../generated/contract";
import { isTyped } from "../help/useHelp";
import { href, navigate, useRoute } from "../router/router";
import { resultOf, type Search, useSearch } from "./useSearch";
import "./search.css";

const ROLES = 6;
const FEATURES = 12;

interface Option {
  key: string;
  link: string;
  content: ReactNode;
}

/** One box for everything: ids, labels, roles; the last line leads on to words in responses. */
export function SearchBox() {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const search = useSearch(open ? text : "");
  const wanted = text.trim();
  const groups = useGroups(resultOf(search), wanted);
  const close = () => setOpen(false);
  const go = (option: Option | undefined) => {
    if (option === undefined || wanted === "") return;
    close();
    setText("");
    input.current?.blur();
    navigate(option.link);
  };
  const leave = () => {
    if (!open || wanted === "") input.current?.blur();
    close();
  };
  const { active, setActive, onKeyDown } = useChoice(groups, search, wanted, go, leave);
  useSlash(input);
  useClosing(close);
  const shown = open && wanted !== "";
  return (
    <div className="search" role="search">
      <input
        ref={input}
        {...COMBOBOX}
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-activedescendant={shown && active >= 0 ? `${id}-${active}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      <kbd aria-hidden="true">/</kbd>
      <div id={`${id}-list`} role="listbox" aria-label="Found" className="search-list" hidden={!shown}>
        {shown && <Found id={id} groups={groups} search={search} wanted={wanted} active={active} point={setActive} go={go} />}
      </div>
    </div>
  );
}

const COMBOBOX = {
  type: "text",
  role: "combobox",
  "aria-label": "Search features, labels and roles",
  "aria-autocomplete": "list",
  placeholder: "Search features, labels, roles",
  autoComplete: "off",
  spellCheck: false,
  maxLength: 200,
} as const;

interface Groups {
  roles: Option[];
  features: Option[];
  further: Option;
  exact: Option | null;
}

function useGroups(result: SearchResult | null, wanted: string): Groups {
  const { live } = useStudy();
  return {
    roles: (result?.roles ?? []).slice(0, ROLES).map(roleOption),
    features: (result?.features ?? []).slice(0, FEATURES).map((one) => featureOption(one, wanted)),
    further: everything(wanted, live),
    exact: exact(result, wanted),
  };
}

/** The option that the arrows or the pointer have chosen; Enter goes there, or where the answer leads once it comes. */
function useChoice(groups: Groups, search: Search, wanted: string, go: (option: Option | undefined) => void, leave: () => void) {
  const [active, setActive] = useState(-1);
  const [entered, setEntered] = useState(false); // Enter was pressed before the answer came
  const options = [...groups.roles, ...groups.features, groups.further];
  useEffect(() => {
    setActive(-1);
    setEntered(false);
  }, [wanted]);
  useEffect(() => {
    if (!entered || (search.state !== "found" && search.state !== "failed")) return;
    setEntered(false);
    go(groups.exact ?? groups.further);
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[plainKey(event)];
    if (step !== undefined) setActive((active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length);
    else if (event.key === "Enter" && active >= 0) go(options[active]);
    else if (event.key === "Enter") setEntered(true);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
  };
  return { active, setActive, onKeyDown };
}

interface FoundProps {
  id: string;
  groups: Groups;
  search: Search;
  wanted: string;
  active: number;
  point: (at: number) => void;
  go: (option: Option) => void;
}

function Found({ id, groups: { roles, features, further }, search, wanted, active, point, go }: FoundProps) {
  const list = (title: string, group: Option[], from: number) =>
    group.length > 0 && (
      <div role="group" aria-label={title}>
        <div className="search-group" aria-hidden="true">
          {title}
        </div>
        {group.map((option, step) => (
          <div
            key={option.key}
            id={`${id}-${from + step}`}
            role="option"
            aria-selected={from + step === active}
            className="search-option"
            onPointerEnter={() => point(from + step)}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => go(option)}
          >
            {option.content}
          </div>
        ))}
      </div>
    );
  const n = roles.length + features.length;
  return (
    <>
      {list("Roles", roles, 0)}
      {list("Features", features, roles.length)}
      {search.state === "found" && n === 0 && <Note>No id, label or role has “{wanted}”.</Note>}
      {search.state === "failed" && <Note>{search.error}</Note>}
      {search.state === "searching" && resultOf(search) === null && <Note>Searching …</Note>}
      {list("Further", [further], n)}
    </>
  );
}

function Note({ children }: { children: ReactNode }) {
  return (
    <div className="search-note untrusted" role="option" aria-disabled="true" aria-selected="false">
      {children}
    </div>
  );
}

function roleOption(role: string): Option {
  return { key: `role ${role}`, link: href("role", role), content: <bdi>{role}</bdi> };
}

function featureOption(feature: SearchResult["features"][number], wanted: string): Option {
  const { feature_id, label, preferred_role } = feature;
  return {
    key: `feature ${feature_id}`,
    link: href("feature", feature_id),
    content: (
      <>
        <span className="mono">{feature_id}</span>
        <Label text={label} found={wanted} />
        {label !== null && <Worth of={feature_id} />}
        <span className="muted search-role">{preferred_role}</span>
      </>
    ),
  };
}

function everything(wanted: string, live: boolean): Option {
  const content = (
    <span>
      {live ? "Words in responses, and all" : "All"} results for “<bdi>{wanted}</bdi>”
    </span>
  );
  return { key: "everything", link: href("search", null, { q: wanted }), content };
}

/** What Enter leads to at once: the very id or role that was typed. */
function exact(result: SearchResult | null, wanted: string): Option | null {
  const role = result?.roles.find((one) => one === wanted.toLowerCase());
  if (role !== undefined) return roleOption(role);
  const feature = result?.features.find((one) => String(one.feature_id) === wanted.replace(/^#/, ""));
  return feature === undefined ? null : featureOption(feature, wanted);
}

/** `/` leads to the box from anywhere but where text is typed. */
function useSlash(input: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "/" || isTyped(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [input]);
}

/** Another page closes the list. */
function useClosing(close: () => void): void {
  const route = useRoute();
  useEffect(close, [route]);
}
