import { vi } from "vitest";

/** An address bar that starts at `hash`, and what stands in it later. */
export function addressBar(hash: string, entries: string[] = []): () => string {
  const location = { hash };
  const go = (kind: string) => (_: unknown, __: string, link: string) => {
    location.hash = link;
    entries.push(kind);
  };
  vi.stubGlobal("location", location);
  vi.stubGlobal("history", { pushState: go("push"), replaceState: go("replace") });
  vi.stubGlobal("PopStateEvent", Event);
  vi.stubGlobal("dispatchEvent", () => true);
  return () => location.hash;
}
