import { OpenBundle } from "../bundle/Drop";
import { useBundle } from "../bundle/store";
import { moment } from "../components/format";
import { useSae, useStudy } from "../data/StudyContext";
import { href, type Page, setParams, useRoute } from "../router/router";
import { SearchBox } from "../search/SearchBox";
import { PAGE_TITLES } from "./pages";
import { useTheme } from "./theme";

export function Header() {
  const study = useStudy();
  return (
    <header className="header">
      <a className="study" href={href("map")} title={study.published_at === "" ? undefined : `Published ${moment(study.published_at)}`}>
        <bdi>{study.name}</bdi>
      </a>
      <Navigation />
      <SearchBox />
      <SaeChoice />
      <OpenBundle />
      <ThemeToggle />
    </header>
  );
}

function Navigation() {
  const study = useStudy();
  const { page } = useRoute();
  const bundle = useBundle().opened !== null;
  const pages: Page[] = bundle ? ["map", "table", "roles"] : ["map", "table", "roles", "compare"];
  if (study.has_drift) pages.push("drift");
  if (study.live) pages.push("sql");
  return (
    <nav aria-label="Pages">
      {pages.map((one) => (
        <a key={one} href={href(one)} aria-current={one === page ? "page" : undefined}>
          {PAGE_TITLES[one]}
        </a>
      ))}
    </nav>
  );
}

function SaeChoice() {
  const { saes } = useStudy();
  const sae = useSae();
  if (sae === null || saes.length < 2) return null;
  return (
    <label className="sae">
      <span>SAE</span>
      <select value={sae.sae} onChange={(event) => setParams({ sae: event.target.value })}>
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
    <button className="theme" onClick={() => choose(other)} aria-label={`Change to the ${other} theme`} title={`${other} theme`}>
      <span aria-hidden="true">{theme === "dark" ? "☀" : "☾"}</span>
    </button>
  );
}
