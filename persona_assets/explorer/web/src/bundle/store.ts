/** The bundle that is open instead of the host's study, if one is. */
import { useSyncExternalStore } from "react";
import { SnapshotCache } from "../data/cache";
import { request } from "../data/http";
import { asProblem, ProblemError } from "../data/problem";
import type { StudyState } from "../data/StudyContext";
import { parseBundle } from "./parse";

export interface Held {
  name: string; // of its file
  state: StudyState;
}

export interface BundleState {
  reading: boolean; // the one that the address names; nothing else is shown until it is known
  opened: StudyState | null;
  held: Held[]; // all that were opened since the study was shown: one switches between them
  error: string | null;
}

let state: BundleState = { reading: false, opened: null, held: [], error: null };
const listeners = new Set<() => void>();

function become(next: Partial<BundleState>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

/** Whether it could be opened. */
async function open(name: string, text: () => Promise<string>): Promise<boolean> {
  try {
    const { study, read } = parseBundle(await text(), name);
    const cache = new SnapshotCache((path) => {
      const value = read(path);
      if (value !== undefined) return Promise.resolve(value);
      return Promise.reject(new ProblemError({ error: "A bundle does not hold this." }, 404));
    });
    const opened = { study, cache };
    const others = state.held.filter((one) => one.name !== name);
    become({ reading: false, error: null, opened, held: [...others, { name, state: opened }] });
    return true;
  } catch (error) {
    become({ reading: false, error: asProblem(error).problem.error });
    return false;
  }
}

export const bundles = {
  openFile: (file: File): Promise<boolean> => open(file.name, () => file.text()),

  /** `?bundle=URL`: of the page's own host only. */
  openUrl(address: string): Promise<boolean> {
    become({ reading: true });
    return open(address, async () => {
      const url = new URL(address, document.baseURI);
      if (url.origin !== location.origin)
        throw new ProblemError({ error: `A bundle is only opened from this page’s own host, not from ${url.host}.` }, null);
      return (await request(url.href)).text();
    });
  },

  show: (name: string): void => become({ opened: state.held.find((one) => one.name === name)?.state ?? state.opened }),
  close: (): void => become({ opened: null, held: [], error: null }),
  none: (): boolean => state.opened === null,
  dismiss: (): void => become({ error: null }),
};

for (const asked of new URLSearchParams(location.search).getAll("bundle")) void bundles.openUrl(asked);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useBundle(): BundleState {
  return useSyncExternalStore(subscribe, () => state);
}
