/**
 * The address of a page is `#/page/argument?name=value`: every state is a link, on any static host.
 * The SAE stays with the reader from page to page: `href` keeps `sae` unless it is given.
 */
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { PAGE_NAMES, type Page } from "./pages";

export interface Route {
  page: Page | null; // null: no such page
  arg: string | null; // the feature's id or the role's name
  params: URLSearchParams;
}

export type Params = Record<string, string | number | boolean | null | undefined>;

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  addEventListener("popstate", listener);
  return () => {
    removeEventListener("hashchange", listener);
    removeEventListener("popstate", listener);
  };
}

const hash = (): string => location.hash;

const ALIASES: Record<string, Page> = { "": "axis", features: "table" }; // the menu calls it Features

export function parse(text: string): Route {
  const [path = "", query = ""] = split(text.replace(/^#?\/?/, ""), "?");
  const [name = "", arg = ""] = split(path, "/");
  const page = PAGE_NAMES.find((one) => one === (ALIASES[name] ?? name)) ?? null;
  return { page, arg: arg === "" ? null : decoded(arg), params: new URLSearchParams(query) };
}

function split(text: string, at: string): [string, string] {
  const place = text.indexOf(at);
  return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % is part of the name
  }
}

/** The link to a page; parameters that are null, undefined, false or "" are left out. */
export function href(page: Page, arg: string | number | null = null, params: Params = {}): string {
  const kept = new URLSearchParams();
  const sae = parse(location.hash).params.get("sae");
  if (sae !== null && !("sae" in params)) kept.set("sae", sae);
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== false && value !== "") kept.set(name, String(value));
  }
  const path = arg === null ? page : `${page}/${encodeURIComponent(arg)}`;
  const query = kept.toString().replaceAll("%2C", ",").replaceAll("%3B", ";"); // lists stay readable
  return query === "" ? `#/${path}` : `#/${path}?${query}`;
}

/** Go to a link; `replace` where the back button should not lead here again (typing, dragging). */
export function navigate(link: string, { replace = false } = {}): void {
  if (link === location.hash) return;
  history[replace ? "replaceState" : "pushState"](null, "", link);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The route in force; the component renders again when it changes. */
export function useRoute(): Route {
  const text = useSyncExternalStore(subscribe, hash);
  return useMemo(() => parse(text), [text]);
}

/** The address in force with some parameters changed. */
export function hrefWith(changes: Params): string {
  const { page, arg, params } = parse(location.hash);
  return href(page ?? "axis", arg, { ...Object.fromEntries(params), ...changes });
}

/** Change some parameters of the address in force, keeping the others. */
export function setParams(changes: Params, options?: { replace?: boolean }): void {
  navigate(hrefWith(changes), options);
}

/**
 * A parameter of the address as state: `const [sort, setSort] = useParam("sort", "score")`.
 * Setting it to the fallback takes it out of the address. Replaces the entry of the history unless told to push.
 */
export function useParam(name: string, fallback = ""): [string, (value: string, options?: { push?: boolean }) => void] {
  const { params } = useRoute();
  const set = useCallback(
    (value: string, { push = false } = {}) => setParams({ [name]: value === fallback ? null : value }, { replace: !push }),
    [name, fallback],
  );
  return [params.get(name) ?? fallback, set];
}
