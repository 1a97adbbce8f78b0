import { type KeyboardEvent, type ReactNode, useEffect, useId } from "react";
import { useScrollWindow } from "./useScrollWindow";
import "./virtual-list.css";

interface VirtualListProps {
  label: string; // what a screen reader calls it
  length: number;
  rowHeight: number;
  row: (at: number) => ReactNode;
  active: number | null; // place of the chosen row
  choose: (at: number) => void;
  open?: (at: number) => void; // Enter or a double click
}

const OVERSCAN = 6;

/** A list of any length of which only what is in view is drawn; arrow keys, Home, End and Page keys move. */
export function VirtualList({ label, length, rowHeight, row, active, choose, open }: VirtualListProps) {
  const id = useId();
  const [box, scroll] = useScrollWindow(600);

  useEffect(() => {
    const element = box.current;
    if (element === null || active === null) return;
    const top = active * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    const bottom = top + rowHeight - element.clientHeight;
    if (bottom > element.scrollTop) element.scrollTop = bottom;
  }, [box, active, rowHeight]);

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(scroll.height / rowHeight) - 1);
    const from = active ?? -1;
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: length - 1 }[event.key];
    if (to !== undefined && length > 0) choose(Math.min(length - 1, Math.max(0, to)));
    else if (event.key === "Enter" && active !== null) open?.(active);
    else return;
    event.preventDefault();
  };

  const first = Math.max(0, Math.floor(scroll.top / rowHeight) - OVERSCAN);
  const last = Math.min(length, Math.ceil((scroll.top + scroll.height) / rowHeight) + OVERSCAN);
  const places = Array.from({ length: Math.max(0, last - first) }, (_, step) => first + step);
  const drawn = active !== null && active >= first && active < last;
  return (
    <div
      ref={box}
      className="virtual-list"
      role="listbox"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={drawn ? `${id}-${active}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: length * rowHeight }}>
        {places.map((at) => (
          <div
            key={at}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === active}
            aria-posinset={at + 1}
            aria-setsize={length}
            className="virtual-row"
            style={{ top: at * rowHeight, height: rowHeight }}
            onClick={() => choose(at)}
            onDoubleClick={() => open?.(at)}
          >
            {row(at)}
          </div>
        ))}
      </div>
    </div>
  );
}
