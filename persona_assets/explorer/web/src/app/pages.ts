import { type ComponentType, lazy } from "react";
import type { Page } from "../router/router";

/** Each page is a chunk of its own: the map's deck.gl and the console's editor are read only where they are used. */
export const PAGE_COMPONENTS: Record<Page, ComponentType> = {
  map: lazy(() => import("../pages/Map")),
  table: lazy(() => import("../pages/Table")),
  feature: lazy(() => import("../pages/Feature")),
  role: lazy(() => import("../pages/Role")),
  roles: lazy(() => import("../pages/Roles")),
  compare: lazy(() => import("../pages/Compare")),
  sql: lazy(() => import("../pages/Sql")),
  drift: lazy(() => import("../pages/Drift")),
  search: lazy(() => import("../pages/Search")),
};

export const PAGE_TITLES: Record<Page, string> = {
  map: "Map",
  table: "Features",
  feature: "Feature",
  role: "Role",
  roles: "Roles",
  compare: "Compare",
  sql: "SQL",
  drift: "Drift",
  search: "Search",
};
