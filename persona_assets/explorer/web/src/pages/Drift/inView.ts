import { type RefObject, useEffect } from "react";

const TEXTS = "[data-place] > .said";
const LOWEST = { box: 0.6, page: 0.8 }; // shares of what scrolls: an answer that begins above it stays where it is
const FRAMES = 3;

/** Tell the first and the last turn whose text is on the screen, as the box or the page scrolls; null: none is. */
export function useInView(box: RefObject<HTMLElement | null>, items: unknown, see: (turns: [number, number] | null) => void): void {
  useEffect(() => {
    if (box.current === null) return;
    const seen = new Set<Element>();
    const observer = new IntersectionObserver((changes) => {
      for (const { target, isIntersecting } of changes) {
        if (isIntersecting) seen.add(target);
        else seen.delete(target);
      }
      const places = [...seen].map((text) => Number(text.parentElement?.dataset.place));
      see(places.length === 0 ? null : [Math.min(...places), Math.max(...places)]);
    });
    for (const text of box.current.querySelectorAll(TEXTS)) observer.observe(text);
    return () => observer.disconnect();
  }, [box, items, see]);
}

/** Scroll the box, and nothing around it, until the answer of a turn begins in its upper part, below what it answers. */
export function revealed(box: HTMLElement | null, place: number): void {
  const item = box?.querySelector<HTMLElement>(`[data-place="${place}"]`);
  if (box && item) raise(item.lastElementChild, box, item, LOWEST.box);
}

/** Scroll the page until that answer is on the screen: in a narrow window the box stands below the chart. */
export function brought(box: HTMLElement | null, place: number): void {
  const item = box?.querySelector<HTMLElement>(`[data-place="${place}"]`);
  const [page, section] = [box?.closest("main"), box?.closest(".conversation-section")];
  if (item && page && section) raise(item.lastElementChild, page, section, LOWEST.page);
}

/** Do it now and in the next frames, for what has come into view is laid out in these, and moves the rest. Return what ends it. */
export function inFrames(act: () => void): () => void {
  let left = FRAMES;
  let asked = 0;
  const next = () => {
    act();
    if (left-- > 0) asked = requestAnimationFrame(next);
  };
  next();
  return () => cancelAnimationFrame(asked);
}

/** Scroll until the answer begins in view; with as much above it as there is room for, from `head` on. */
function raise(answer: Element | null, scroller: Element, head: Element, lowest: number): void {
  if (answer === null) return;
  const top = topOf(answer) - topOf(scroller);
  if (top >= 0 && top < lowest * scroller.clientHeight) return;
  scroller.scrollTop += top - Math.min(topOf(answer) - topOf(head), scroller.clientHeight / 2);
}

const topOf = (element: Element): number => element.getBoundingClientRect().top;
