import { type ComponentType, lazy } from "react";
import { connection } from "../data/connection";
import { request } from "../data/http";

const AGAIN_MS = 2000;

/**
 * A component in a chunk of its own. A browser remembers that a chunk could not be read and does not ask for it again:
 * where the server was gone, the page is loaded anew once it is back. A chunk that is missing from a server that
 * answers is an error.
 */
export function lazyChunk<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(async () => {
    try {
      return await load();
    } catch (error) {
      if (await answers()) throw error;
      await comesBack();
      location.reload();
      return new Promise<never>(() => {}); // the page shown until then goes on waiting
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
