import { useSyncExternalStore } from "react";

/** Whether the server answers; `epoch` grows each time it comes back, so that what failed is read again. */
export interface ConnectionState {
  gone: boolean;
  epoch: number;
}

let state: ConnectionState = { gone: false, epoch: 0 };
const listeners = new Set<() => void>();

function become(next: ConnectionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export const connection = {
  lost(): void {
    if (!state.gone) become({ ...state, gone: true });
  },
  found(): void {
    if (state.gone) become({ gone: false, epoch: state.epoch + 1 });
  },
  current: (): ConnectionState => state,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.current);
}
