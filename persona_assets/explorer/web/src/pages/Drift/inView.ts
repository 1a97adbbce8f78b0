import { type RefObject, useEffect } from "react";

const PLACED = "[data-place]";
const LOWEST = 0.6; // of the box: an answer that begins above it stays where it is

/** Tell the first and the last turn whose text is in view of the box, as it scrolls; null: none is. */
export function useInView(box: RefObject<HTMLElement | null>, items: unknown, see: (turns: [number, number] | null) => void): void {
  useEffect(() => {
    const root = box.current;
    if (root === null) return;
    const seen = new Set<number>();
    const observer = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes) {
          const place = Number((target as HTMLElement).dataset.place);
          if (isIntersecting) seen.add(place);
          else seen.delete(place);
        }
        see(seen.size === 0 ? null : [Math.min(...seen), Math.max(...seen)]);
      },
      { root },
    );
    for (const item of root.querySelectorAll(PLACED)) observer.observe(item);
    return () => observer.disconnect();
  }, [box, items, see]);
}

/** Scroll the box, and nothing around it, until the answer of a turn begins in its upper part, below what it answers. */
export function revealed(box: HTMLElement | null, place: number): void {
  const item = box?.querySelector<HTMLElement>(`[data-place="${place}"]`);
  const answer = item?.lastElementChild;
  if (!box || !item || !answer) return;
  const from = box.getBoundingClientRect().top;
  const top = answer.getBoundingClientRect().top - from;
  if (top >= 0 && top < LOWEST * box.clientHeight) return;
  const before = top - (item.getBoundingClientRect().top - from);
  box.scrollTop += top - Math.min(before, box.clientHeight / 2);
}
