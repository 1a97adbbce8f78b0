import { type KeyboardEvent, type ReactNode, useEffect, useId } from "react";
import { plainKey } from "./plainKey";
import { useRowWindow } from "./useRowWindow";
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

/** A list of any length of which only what is in view is drawn; arrow keys, Home, End and Page keys move. */
export function VirtualList({ label, length, rowHeight, row, active, choose, open }: VirtualListProps) {
  const id = useId();
  const { box, first, last, reveal, target } = useRowWindow(length, rowHeight);
  useEffect(() => {
    if (active !== null) reveal(active);
  }, [active, rowHeight]);

  const onKeyDown = (event: KeyboardEvent) => {
    const key = plainKey(event);
    const to = target(key, active ?? -1);
    if (to !== undefined) choose(to);
    else if (key === "Enter" && active !== null) open?.(active);
    else return;
    event.preventDefault();
  };
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
