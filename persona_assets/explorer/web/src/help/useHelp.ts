import { useCallback, useEffect, useRef, useState } from "react";
import { plainKey } from "../components/plainKey";

const KEY = "persona-explorer-help";

/**
 * Whether the help is open, which is remembered, and what opens and closes it. So does the key `?` wherever no text is
 * typed, and Escape closes it wherever it has no other use.
 */
export function useHelp(): { open: boolean; toggle: () => void; close: () => void } {
  const [open, setOpen] = useState(wasOpen);
  const opener = useRef<Element | null>(null); // what had the focus then
  useEffect(() => remember(open), [open]);
  const close = useCallback(() => {
    setOpen(false);
    giveBack(opener.current);
  }, []);
  const toggle = useCallback(() => {
    if (open) return close();
    opener.current = document.activeElement;
    setOpen(true);
  }, [open, close]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const key = plainKey(event);
      if (key === "Escape" && open) close();
      else if (key === "?" && !isTyped(event)) toggle();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [open, toggle, close]);
  return { open, toggle, close };
}

/** Give the focus back to what opened the help, or else to its button; who is at something else on the page stays there. */
function giveBack(opener: Element | null): void {
  if (!isFree(document.activeElement)) return;
  const known = opener instanceof HTMLElement && opener.isConnected && !isFree(opener);
  (known ? opener : document.getElementById("help-button"))?.focus();
}

/** Whether the focus is on nothing of the page there: in the help, or where a click beside everything leaves it. */
const isFree = (at: Element | null): boolean => at === null || at === document.body || at.id === "main" || at.closest("#help") !== null;

/** Whether a key that is pressed there writes text. */
export function isTyped(event: KeyboardEvent): boolean {
  const [at] = event.composedPath(); // the target, of keys in the SQL editor, is only what holds the editor
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
