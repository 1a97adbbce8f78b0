import { parseSync } from "vite";
import { expect, test } from "vitest";

const MOST = 50;

/** Every function of a source, by the line on which it begins, with its number of lines. */
function functionsOf(file: string, text: string): { at: string; lines: number }[] {
  const lineAt = (place: number) => text.slice(0, place).split("\n").length;
  const found: { at: string; lines: number }[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { type, start, end } = node as { type?: string; start: number; end: number };
    if (type !== undefined && /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type)) {
      found.push({ at: `${file}:${lineAt(start)}`, lines: lineAt(end) - lineAt(start) + 1 });
    }
    for (const part of Object.values(node)) visit(part);
  };
  visit(parseSync(file, text).program);
  return found;
}

test("a function is measured from its first line to its last", () => {
  const text = "function one() {\n  return 1;\n}\nconst two = () =>\n  2;\n";
  expect(functionsOf("a.ts", text)).toEqual([
    { at: "a.ts:1", lines: 3 },
    { at: "a.ts:4", lines: 2 },
  ]);
});

test("no function is longer than 50 lines", () => {
  const files = import.meta.glob<string>("../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
  const all = Object.entries(files).flatMap(([file, text]) => functionsOf(file, text));
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter(({ lines }) => lines > MOST)).toEqual([]);
});
