import type { Shape } from "../components/Skeleton";
import type { Study } from "../generated/contract";

interface PageEntry {
  title: string;
  shape: Shape; // while it is read
  inHeader: (study: Study, bundled: boolean) => boolean; // bundled: a bundle is shown, not the study
}

const always = () => true;
const never = () => false;
const named = <Name extends string>(pages: Record<Name, PageEntry>) => pages;

/** Every page by its name in the address; its component is `pages/<Name>/index.tsx`. The header keeps this order. */
export const PAGES = named({
  axis: { title: "Axis", shape: "axis", inHeader: (_, bundled) => !bundled }, // where the explorer opens
  map: { title: "Map", shape: "map", inHeader: always },
  table: { title: "Features", shape: "grid", inHeader: always },
  roles: { title: "Roles", shape: "roles", inHeader: always },
  compare: { title: "Compare", shape: "page", inHeader: (_, bundled) => !bundled },
  drift: { title: "Drift", shape: "lines", inHeader: (study) => study.has_drift },
  findings: { title: "Findings", shape: "page", inHeader: (_, bundled) => !bundled },
  try: { title: "Try", shape: "lines", inHeader: (study) => study.live },
  steer: { title: "Steer", shape: "lines", inHeader: (study, bundled) => !bundled && (study.live || study.has_interventions) },
  sql: { title: "SQL", shape: "lines", inHeader: (_, bundled) => !bundled },
  feature: { title: "Feature", shape: "feature", inHeader: never },
  role: { title: "Role", shape: "role", inHeader: never },
  search: { title: "Search", shape: "lines", inHeader: never },
  contrasts: { title: "Contrasts", shape: "page", inHeader: never }, // the page Compare leads there
});

export type Page = keyof typeof PAGES;

/** The page that is shown at an address: a bundle has no axis, and opens with its map. */
export const shownAt = (page: Page | null, bundled: boolean) => (bundled && page === "axis" ? "map" : page);

export const PAGE_NAMES = Object.keys(PAGES) as Page[];
