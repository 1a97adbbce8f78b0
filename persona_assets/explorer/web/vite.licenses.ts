import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

const HERE = new URL("./", import.meta.url);
const TEXT = /^(licen[cs]e|notice|copyright|copying)/i;
const RULE = "=".repeat(100);

/** Writes `licenses.txt` beside the pages: what the packages that are built into them ask to travel along. */
export function licenses(): Plugin {
  return {
    name: "licenses",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "licenses.txt", source: told() });
    },
  };
}

/** The production packages of package-lock.json, name and version, by where they lie. */
export function packages(): Map<string, string> {
  const { packages: all } = JSON.parse(read("package-lock.json"));
  const found = Object.keys(all).filter((path) => path !== "" && !all[path].dev);
  return new Map(found.map((path) => [path, `${path.split("node_modules/").at(-1)} ${all[path].version}`]));
}

/** The names of all packages above the text that they share. */
export function told(): string {
  const names = new Map<string, string[]>();
  for (const [path, name] of packages()) {
    const text = textOf(path);
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  const parts = [...names].map(([text, of]) => `${RULE}\n${of.join("\n")}\n${RULE}\n\n${text}\n`);
  return ["The explorer's pages hold software of others, under these licenses.\n", ...parts].join("\n");
}

/** A package's license and notices, or what `notices/` has in their stead, for not each package brings its own. */
function textOf(path: string): string {
  const own = readdirSync(new URL(`${path}/`, HERE)).filter((name) => TEXT.test(name));
  const ours = `notices/${path.split("node_modules/").at(-1)}.txt`;
  if (own.length === 0 && !existsSync(new URL(ours, HERE))) throw new Error(`${path} brings no license: write its text into ${ours}`);
  const files = own.length > 0 ? own.sort().map((name) => `${path}/${name}`) : [ours];
  return files.map((file) => read(file).trim()).join("\n\n");
}

function read(path: string): string {
  return readFileSync(new URL(path, HERE), "utf8").replaceAll("\r\n", "\n");
}
