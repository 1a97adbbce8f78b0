import { type FocusEvent, type KeyboardEvent, useEffect, useRef } from "react";
import { plainKey } from "./plainKey";

const ITEMS = "a, button:not(:disabled)";
const PAGE = 10; // lines

/**
 * Make a list or a table's body one stop of the tab key, at its current item or else the first: the arrows go from
 * line to line and, in a line, from link to link; Home, End and the Page keys go further. `<ul {...useOneStop<HTMLUListElement>()}>`
 */
export function useOneStop<E extends HTMLElement>() {
  const list = useRef<E>(null);
  const stop = useRef<HTMLElement | null>(null);
  const choose = (item: HTMLElement | null) => {
    for (const one of itemsOf(list.current)) one.tabIndex = one === item ? 0 : -1;
    stop.current = item;
  };
  // After every drawing: lines come and go.
  useEffect(() => {
    const items = itemsOf(list.current);
    const kept = stop.current !== null && items.includes(stop.current) ? stop.current : undefined;
    const current = items.find((one) => one.ariaCurrent === "true");
    const within = list.current?.contains(document.activeElement) ?? false; // who goes through it is not moved
    choose((within ? (kept ?? current) : (current ?? kept)) ?? items[0] ?? null);
  });
  const onFocus = ({ target }: FocusEvent<E>) => itemsOf(list.current).includes(target) && choose(target);
  const onKeyDown = (event: KeyboardEvent<E>) => {
    const to = neighbor(linesOf(list.current), event.target as HTMLElement, plainKey(event));
    if (to === undefined) return;
    event.preventDefault();
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  };
  return { ref: list, onFocus, onKeyDown };
}

const itemsOf = (list: HTMLElement | null): HTMLElement[] => [...(list?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];

function linesOf(list: HTMLElement | null): HTMLElement[][] {
  const lines = new Map<Element, HTMLElement[]>();
  for (const item of itemsOf(list)) {
    const line = lineOf(list, item);
    lines.set(line, [...(lines.get(line) ?? []), item]);
  }
  return [...lines.values()];
}

/** The child of the list in which the item is: a line may hold a list of its own. */
function lineOf(list: HTMLElement | null, item: HTMLElement): Element {
  let line: Element = item;
  while (line.parentElement !== null && line.parentElement !== list) line = line.parentElement;
  return line;
}

/** Where a key leads to from an item; undefined: the key means nothing here. */
function neighbor(lines: HTMLElement[][], from: HTMLElement, key: string): HTMLElement | undefined {
  const at = lines.findIndex((line) => line.includes(from));
  const line = lines[at];
  if (line === undefined) return undefined;
  const place = line.indexOf(from);
  const aside = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (aside !== undefined) return line[place + aside];
  const last = lines.length - 1;
  const row = { ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - PAGE, PageDown: at + PAGE, Home: 0, End: last }[key];
  if (row === undefined) return undefined;
  const to = lines[Math.min(last, Math.max(0, row))]!;
  return to[Math.min(place, to.length - 1)];
}
