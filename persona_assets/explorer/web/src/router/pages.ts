import type { Study } from "../generated/contract";

interface PageEntry {
  title: string;
  inHeader: (study: Study, bundled: boolean) => boolean; // bundled: a bundle is shown, not the study
}

const always = () => true;
const never = () => false;
const named = <Name extends string>(pages: Record<Name, PageEntry>) => pages;

/** Every page by its name in the address; its component is `pages/<Name>/index.tsx`. The header keeps this order. */
export const PAGES = named({
  axis: { title: "Axis", inHeader: (_, bundled) => !bundled }, // where the explorer opens
  map: { title: "Map", inHeader: always },
  table: { title: "Features", inHeader: always },
  roles: { title: "Roles", inHeader: always },
  compare: { title: "Compare", inHeader: (_, bundled) => !bundled },
  drift: { title: "Drift", inHeader: (study) => study.has_drift },
  findings: { title: "Findings", inHeader: (_, bundled) => !bundled },
  try: { title: "Try", inHeader: (study) => study.live },
  steer: { title: "Steer", inHeader: (study, bundled) => !bundled && (study.live || study.has_interventions) },
  sql: { title: "SQL", inHeader: (_, bundled) => !bundled },
  feature: { title: "Feature", inHeader: never },
  role: { title: "Role", inHeader: never },
  search: { title: "Search", inHeader: never },
  contrasts: { title: "Contrasts", inHeader: never }, // the page Compare leads there
});

export type Page = keyof typeof PAGES;

/** The page that is shown at an address: a bundle has no axis, and opens with its map. */
export const shownAt = (page: Page | null, bundled: boolean) => (bundled && page === "axis" ? "map" : page);

export const PAGE_NAMES = Object.keys(PAGES) as Page[];
