import { useCallback, useEffect, useState } from "react";

const KEY = "persona-explorer-help";

/** Whether the help is open, which is remembered, and what opens and closes it; so does the key `?` wherever no text is typed. */
export function useHelp(): { open: boolean; toggle: () => void; close: () => void } {
  const [open, setOpen] = useState(wasOpen);
  useEffect(() => remember(open), [open]);
  const toggle = useCallback(() => setOpen((before) => !before), []);
  const close = useCallback(() => {
    setOpen(false);
    document.getElementById("help-button")?.focus();
  }, []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "?" || isTyped(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      toggle();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [toggle]);
  return { open, toggle, close };
}

/** Whether a key that is pressed there writes text. */
export function isTyped(at: EventTarget | null): boolean {
  return at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
}

function wasOpen(): boolean {
  try {
    return localStorage.getItem(KEY) === "open";
  } catch {
    return false; // storage may be forbidden
  }
}

function remember(open: boolean): void {
  try {
    if (open) localStorage.setItem(KEY, "open");
    else localStorage.removeItem(KEY);
  } catch {
    // holds for this page only
  }
}
