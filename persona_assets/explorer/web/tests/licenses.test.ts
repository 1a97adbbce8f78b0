import { expect, test } from "vitest";
import lock from "../package-lock.json";
import { packages, told } from "../vite.licenses";

const text = told();

test("every production package of the lock file is named with its version, and no other", () => {
  const all = lock.packages as object as Record<string, { version?: string; dev?: boolean }>;
  const wanted = Object.entries(all).filter(([path, { dev }]) => path !== "" && !dev);
  const lines = new Set(text.split("\n"));
  for (const [path, { version }] of wanted) expect(lines).toContain(`${path.replace(/.*node_modules\//, "")} ${version}`);
  expect(packages().size).toBe(wanted.length);
  expect(wanted.length).toBeGreaterThan(50);
  for (const [name] of Object.entries(lock.packages[""].devDependencies)) expect(text).not.toContain(`\n${name} `);
});

test("Arrow's notice, DuckDB's copyright and React's license are there in full", () => {
  expect(text).toContain("This product includes software developed at\nThe Apache Software Foundation");
  expect(text).toContain("Stichting DuckDB Foundation");
  expect(text).toMatch(/react \S+\nreact-dom \S+\nscheduler \S+\n=+\n\nMIT License/);
});
