import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { plainKey } from "./plainKey";
import "./tabs.css";

export interface Tab {
  key: string;
  title: ReactNode;
  body: () => ReactNode;
}

/** Tabs as ARIA describes them: arrow keys move, only the chosen one is in the tab order. */
export function Tabs(props: { label: string; tabs: Tab[]; chosen: string; choose: (key: string) => void }) {
  const { label, tabs, chosen, choose } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const place = Math.max(
    0,
    tabs.findIndex((tab) => tab.key === chosen),
  );
  const tab = tabs[place];
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[plainKey(event)];
    if (step === undefined) return;
    event.preventDefault();
    const next = (place + step + tabs.length) % tabs.length;
    choose(tabs[next]?.key ?? chosen);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  if (tab === undefined) return null;
  return (
    <div className="tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((one) => (
          <button
            key={one.key}
            role="tab"
            id={`${id}-${one.key}`}
            aria-selected={one === tab}
            aria-controls={`${id}-panel`}
            tabIndex={one === tab ? 0 : -1}
            onClick={() => choose(one.key)}
          >
            {one.title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab.key}`}>
        {tab.body()}
      </div>
    </div>
  );
}
