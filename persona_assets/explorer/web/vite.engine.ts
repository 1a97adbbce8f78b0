import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const NAME = "virtual:duckdb";
const FOUND = `\0${NAME}`;
const DIST = new URL("./node_modules/@duckdb/duckdb-wasm/dist/", import.meta.url);
const COUNTER = new URL("./src/pages/Sql/site/counter.js", import.meta.url);

/**
 * The module `virtual:duckdb`: where DuckDB's files are, and how large the first of them is.
 *
 * Its program is kept compressed, 8 MB instead of 34, for not every host compresses what it serves.
 */
export function engine(): Plugin {
  return {
    name: "duckdb",
    apply: "build",
    resolveId: (name) => (name === NAME ? FOUND : null),
    load(name) {
      if (name !== FOUND) return null;
      const packed = gzipSync(readFileSync(new URL("duckdb-eh.wasm", DIST)), { level: 9 });
      const worker = readFileSync(COUNTER, "utf8") + readFileSync(new URL("duckdb-browser-eh.worker.js", DIST), "utf8");
      const program = this.emitFile({ type: "asset", name: "duckdb.wasm.gz", source: packed });
      const own = this.emitFile({ type: "asset", name: "duckdb-worker.js", source: worker.replace(/\/\/# sourceMappingURL=.*/, "") });
      return [
        `export const PROGRAM = import.meta.ROLLUP_FILE_URL_${program};`,
        `export const PROGRAM_BYTES = ${packed.length};`,
        `export const WORKER = import.meta.ROLLUP_FILE_URL_${own};`,
      ].join("\n");
    },
  };
}
