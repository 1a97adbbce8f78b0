import { type RefObject, useEffect, useRef, useState } from "react";

/** A box that scrolls, and what of it is in view, in pixels; `height` until it has been laid out. */
export function useScrollWindow(height: number): [RefObject<HTMLDivElement | null>, { top: number; height: number }] {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const resizes = new ResizeObserver(look);
    resizes.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      resizes.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return [box, view];
}
