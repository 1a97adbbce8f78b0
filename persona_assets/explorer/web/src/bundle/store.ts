/** The bundle that is open instead of the host's study, if one is. */
import { useSyncExternalStore } from "react";
import { SnapshotCache } from "../data/cache";
import { request } from "../data/http";
import { asProblem, ProblemError } from "../data/problem";
import type { StudyState } from "../data/StudyContext";
import { parseBundle } from "./parse";

export interface Held {
  id: number; // its own: exports of this project are all called bundle.json
  name: string; // of its file
  state: StudyState;
}

export interface BundleState {
  reading: boolean; // those that the address names; nothing else is shown until they are known
  opened: StudyState | null;
  held: Held[]; // all that were opened and not closed: one switches between them
  errors: string[]; // of those opened last
}

interface Source {
  name: string;
  text: () => Promise<string>;
}

let state: BundleState = { reading: false, opened: null, held: [], errors: [] };
let made = 0;
const listeners = new Set<() => void>();

function become(next: Partial<BundleState>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

/** Open all that can be, and show the last of them; tell whether there is one. */
async function openAll(sources: Source[]): Promise<boolean> {
  const outcomes = await Promise.allSettled(sources.map(read));
  const added = outcomes.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  const errors = outcomes.flatMap((one) => (one.status === "rejected" ? asProblem(one.reason).problem.error : []));
  const opened = added.at(-1)?.state ?? state.opened;
  become({ reading: false, opened, held: [...state.held, ...added], errors: [...new Set(errors)] });
  return added.length > 0;
}

async function read({ name, text }: Source): Promise<Held> {
  const bundle = parseBundle(await text(), name);
  const cache = new SnapshotCache((path) => {
    const value = bundle.read(path);
    if (value !== undefined) return Promise.resolve(value);
    return Promise.reject(new ProblemError({ error: "A bundle does not hold this." }, 404));
  });
  made += 1;
  return { id: made, name, state: { study: bundle.study, cache } };
}

/** The text at `address`, which must be of the page's own host. */
async function fetched(address: string): Promise<string> {
  const url = new URL(address, document.baseURI);
  if (url.origin !== location.origin)
    throw new ProblemError({ error: `A bundle is only opened from this page’s own host, not from ${url.host}.` }, null);
  return (await request(url.href)).text();
}

export const bundles = {
  openFiles: (files: File[]): Promise<boolean> => openAll(files.map((file) => ({ name: file.name, text: () => file.text() }))),

  /** `?bundle=URL`, once or more. */
  openUrls(addresses: string[]): Promise<boolean> {
    become({ reading: true });
    return openAll(addresses.map((address) => ({ name: address, text: () => fetched(address) })));
  },

  show: (id: number): void => become({ opened: state.held.find((one) => one.id === id)?.state ?? state.opened }),

  /** Close the one that is shown; the next is shown, after the last the one before it. */
  close(): void {
    const at = state.held.findIndex((one) => one.state === state.opened);
    const held = state.held.filter((one) => one.state !== state.opened);
    become({ opened: (held[at] ?? held.at(-1))?.state ?? null, held });
  },

  dismiss: (error: string): void => become({ errors: state.errors.filter((one) => one !== error) }),
  now: (): BundleState => state,
};

const NAME = 60; // characters of a name that are shown

/** What each is called, by file and study; the second of the same is numbered. */
export function titlesOf(held: Held[]): string[] {
  const times = new Map<string, number>();
  return held.map(({ name, state: { study } }) => {
    const file = name.slice(-NAME);
    const title = study.name === name ? file : `${file}: ${study.name.slice(0, NAME)}`;
    const time = (times.get(title) ?? 0) + 1;
    times.set(title, time);
    return time === 1 ? title : `${title} (${time})`;
  });
}

const named = new URLSearchParams(location.search).getAll("bundle");
if (named.length > 0) void bundles.openUrls(named);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useBundle(): BundleState {
  return useSyncExternalStore(subscribe, bundles.now);
}
