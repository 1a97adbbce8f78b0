import type { ComponentType } from "react";
import { PAGE_NAMES, type Page } from "../router/pages";
import { lazyChunk } from "./lazyChunk";

const found = import.meta.glob<{ default: ComponentType }>("../pages/*/index.tsx");
const placeOf = (page: Page) => `../pages/${page.charAt(0).toUpperCase()}${page.slice(1)}/index.tsx`;

/** Each page is a chunk of its own: the map's deck.gl and the console's editor are read only where they are used. */
export const PAGE_COMPONENTS: Record<string, ComponentType> = Object.fromEntries(
  PAGE_NAMES.map((page) => [page, lazyChunk(found[placeOf(page)]!)]),
);

/** The pages that are others where a bundle is shown. */
export const BUNDLE_COMPONENTS: Partial<Record<Page, ComponentType>> = {
  feature: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.FeatureOfBundle }))),
  role: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.RoleOfBundle }))),
  roles: lazyChunk(() => import("../bundle/roles")),
  compare: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
  findings: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
  try: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
  steer: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
  drift: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
  sql: lazyChunk(() => import("../bundle/pages").then((one) => ({ default: one.NotInBundle }))),
};
