/** What was read of one snapshot. A resource nobody waits for any longer is aborted; the oldest are forgotten. */
export type Read = (path: string, signal: AbortSignal) => Promise<unknown>;

interface Entry {
  promise: Promise<unknown>;
  controller: AbortController;
  readers: number;
  settled: boolean;
  value: unknown;
}

export class SnapshotCache {
  private readonly entries = new Map<string, Entry>();
  private readonly read: Read;
  private readonly limit: number;

  constructor(read: Read, limit = 60) {
    this.read = read;
    this.limit = limit;
  }

  /** The value if it has been read already. */
  peek(path: string): unknown {
    return this.entries.get(path)?.value;
  }

  /** Begin (or join) the reading of `path`; call `release` when it is not needed any more. */
  open(path: string): { promise: Promise<unknown>; release: () => void } {
    const entry = this.entries.get(path) ?? this.start(path);
    this.entries.delete(path); // to the end of the map: the most recently used
    this.entries.set(path, entry);
    entry.readers += 1;
    this.forgetOldest();
    return { promise: entry.promise, release: () => this.release(path, entry) };
  }

  private start(path: string): Entry {
    const controller = new AbortController();
    const promise = this.read(path, controller.signal);
    const entry: Entry = { promise, controller, readers: 0, settled: false, value: undefined };
    promise.then(
      (value) => Object.assign(entry, { settled: true, value }),
      () => this.drop(path, entry),
    );
    return entry;
  }

  private release(path: string, entry: Entry): void {
    entry.readers -= 1;
    if (entry.readers > 0 || entry.settled) return;
    entry.controller.abort();
    this.drop(path, entry);
  }

  private drop(path: string, entry: Entry): void {
    if (this.entries.get(path) === entry) this.entries.delete(path);
  }

  private forgetOldest(): void {
    for (const [path, entry] of this.entries) {
      if (this.entries.size <= this.limit) return;
      if (entry.settled && entry.readers === 0) this.entries.delete(path);
    }
  }
}
