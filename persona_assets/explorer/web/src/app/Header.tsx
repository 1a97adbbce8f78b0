import { useEffect, useRef } from "react";
import { OpenBundle } from "../bundle/Drop";
import { useBundle } from "../bundle/store";
import { moment } from "../components/format";
import { useSae, useStudy } from "../data/StudyContext";
import { PAGE_NAMES, PAGES, type Page, shownAt } from "../router/pages";
import { href, setParams, useRoute } from "../router/router";
import { SearchBox } from "../search/SearchBox";
import { useTheme } from "./theme";

export function Header({ help }: { help: { open: boolean; toggle: () => void } }) {
  const study = useStudy();
  return (
    <header className="header">
      <a className="study" href={href("axis")} title={study.published_at === "" ? undefined : `Published ${moment(study.published_at)}`}>
        <bdi>{study.name}</bdi>
      </a>
      <Navigation />
      <SearchBox />
      <SaeChoice />
      <OpenBundle />
      <button
        className="icon"
        id="help-button"
        onClick={help.toggle}
        aria-label="Help on this page"
        aria-expanded={help.open}
        title="How to read this page, and its keys: ?"
      >
        <span aria-hidden="true">?</span>
      </button>
      <ThemeToggle />
    </header>
  );
}

function Navigation() {
  const study = useStudy();
  const bundle = useBundle().opened !== null;
  const page = shownAt(useRoute().page, bundle);
  const mapped = useSae()?.has_atlas === true;
  const linkOf = (one: Page) => href(one, null, one === "table" && mapped ? { sort: "-score" } : {}); // feature 0 is no beginning
  const pages = PAGE_NAMES.filter((one) => PAGES[one].inHeader(study, bundle));
  const list = useRef<HTMLElement>(null);
  useEffect(() => inView(list.current), [page, study]);
  return (
    <nav aria-label="Pages" ref={list}>
      {pages.map((one) => (
        <a key={one} href={linkOf(one)} aria-current={one === page ? "page" : undefined}>
          {PAGES[one].title}
        </a>
      ))}
    </nav>
  );
}

/** Scroll the names sideways, where a phone has no room for all, until that of the page is in view. */
function inView(list: HTMLElement | null): void {
  const current = list?.querySelector<HTMLElement>("[aria-current]");
  if (!list || !current) return;
  const [box, name] = [list.getBoundingClientRect(), current.getBoundingClientRect()];
  if (name.left < box.left) list.scrollLeft += name.left - box.left;
  else if (name.right > box.right) list.scrollLeft += name.right - box.right;
}

function SaeChoice() {
  const { saes } = useStudy();
  const sae = useSae();
  if (sae === null || saes.length < 2) return null;
  return (
    <label className="sae">
      <span>SAE</span>
      <select value={sae.sae} onChange={(event) => setParams({ sae: event.target.value, block: null })}>
        {saes.map((one) => (
          <option key={one.sae}>{one.sae}</option>
        ))}
      </select>
    </label>
  );
}

function ThemeToggle() {
  const [theme, choose] = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <button className="icon" onClick={() => choose(other)} aria-label={`Change to the ${other} theme`} title={`${other} theme`}>
      <span aria-hidden="true">{theme === "dark" ? "☀" : "☾"}</span>
    </button>
  );
}
