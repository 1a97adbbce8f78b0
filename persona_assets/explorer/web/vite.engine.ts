import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const NAME = "virtual:duckdb";
const FOUND = `\0${NAME}`;
const DIST = new URL("./node_modules/@duckdb/duckdb-wasm/dist/", import.meta.url);
const GUARD = new URL("./src/pages/Sql/site/guard.js", import.meta.url);

/**
 * The module `virtual:duckdb`: where DuckDB's files are, and how large.
 *
 * Its program is kept compressed, 8 MB instead of 34, for not every host compresses what it serves.
 */
export function engine(): Plugin {
  let serving = false;
  return {
    name: "duckdb",
    configResolved: ({ command }) => {
      serving = command === "serve";
    },
    configureServer: ({ middlewares }) => {
      middlewares.use("/duckdb-worker.js", (_, answer) => void answer.setHeader("content-type", "text/javascript").end(worker()));
    },
    resolveId: (name) => (name === NAME ? FOUND : null),
    load(name) {
      if (name !== FOUND) return null;
      if (serving) return module('"/node_modules/@duckdb/duckdb-wasm/dist/duckdb-eh.wasm"', '"/duckdb-worker.js"', 34e6);
      const packed = gzipSync(readFileSync(new URL("duckdb-eh.wasm", DIST)), { level: 9 });
      const program = this.emitFile({ type: "asset", name: "duckdb.wasm.gz", source: packed });
      const own = this.emitFile({ type: "asset", name: "duckdb-worker.js", source: worker() });
      return module(`import.meta.ROLLUP_FILE_URL_${program}`, `import.meta.ROLLUP_FILE_URL_${own}`, packed.length);
    },
  };
}

function worker(): string {
  const theirs = readFileSync(new URL("duckdb-browser-eh.worker.js", DIST), "utf8");
  return readFileSync(GUARD, "utf8") + theirs.replace(/\/\/# sourceMappingURL=.*/, "");
}

const module = (program: string, own: string, bytes: number): string =>
  [
    `export const PROGRAM = ${program};`,
    `export const PROGRAM_BYTES = ${bytes};`,
    `export const ENGINE_BYTES = ${bytes + worker().length};`,
    `export const WORKER = ${own};`,
  ].join("\n");
