import type { ComponentType } from "react";
import type { Page } from "../router/router";
import { lazyChunk } from "./lazyChunk";

/** Each page is a chunk of its own: the map's deck.gl and the console's editor are read only where they are used. */
export const PAGE_COMPONENTS: Record<Page, ComponentType> = {
  map: lazyChunk(() => import("../pages/Map")),
  table: lazyChunk(() => import("../pages/Table")),
  feature: lazyChunk(() => import("../pages/Feature")),
  role: lazyChunk(() => import("../pages/Role")),
  roles: lazyChunk(() => import("../pages/Roles")),
  compare: lazyChunk(() => import("../pages/Compare")),
  sql: lazyChunk(() => import("../pages/Sql")),
  drift: lazyChunk(() => import("../pages/Drift")),
  search: lazyChunk(() => import("../pages/Search")),
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

/** The pages that are others where a bundle is shown. */
export const BUNDLE_COMPONENTS: Partial<Record<Page, ComponentType>> = {
  feature: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.FeatureOfBundle }))),
  role: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.RoleOfBundle }))),
  roles: lazyChunk(() => import("../bundle/roles")),
  compare: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
  drift: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
  sql: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
};
