import { type RefObject, useEffect, useRef, useState } from "react";
import { clamp } from "../charts/scale";

const OVERSCAN = 8; // rows drawn beyond either edge

interface RowWindow {
  box: RefObject<HTMLDivElement | null>; // that scrolls
  first: number; // row that is drawn
  last: number; // one past the last that is
  reveal: (row: number) => void;
  target: (key: string, from: number) => number | undefined; // where a key leads; -1 is above the first row
}

/** What is in view of `length` rows of one height; `covered` pixels of the box are under a head or a scroll bar. */
export function useRowWindow(length: number, rowHeight: number, covered = 0): RowWindow {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 }); // until it has been laid out
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
  const reveal = (row: number) => {
    const element = box.current;
    if (element === null) return;
    const top = row * rowHeight;
    const room = element.clientHeight - rowHeight - covered;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top > element.scrollTop + room) element.scrollTop = top - room;
  };
  const target = (key: string, from: number) => {
    const page = Math.max(1, Math.floor((view.height - covered) / rowHeight) - 1);
    const rows = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: length - 1 };
    const to = rows[key as keyof typeof rows];
    return to === undefined || length === 0 ? undefined : clamp(to, 0, length - 1);
  };
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(length, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  return { box, first, last, reveal, target };
}
