import { type ComponentType, lazy } from "react";
import { connection } from "../data/connection";
import { request } from "../data/http";

const AGAIN_MS = 2000;

/**
 * A component in a chunk of its own. Where the server is gone while it is asked for, it is asked for again until
 * the server is back; a chunk that is missing from a server that answers is an error.
 */
export function lazyChunk<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(async () => {
    for (;;) {
      try {
        return await load();
      } catch (error) {
        if (await answers()) throw error;
        await comesBack();
      }
    }
  });
}

async function answers(): Promise<boolean> {
  try {
    await request("data/study.json", { method: "HEAD" });
    connection.found();
    return true;
  } catch {
    return !connection.current().gone;
  }
}

async function comesBack(): Promise<void> {
  do await new Promise((wake) => setTimeout(wake, AGAIN_MS));
  while (!(await answers()));
}
