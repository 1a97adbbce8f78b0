import { afterEach, expect, test, vi } from "vitest";
import type { SqlResult, Study } from "../../src/generated/contract";
import { linksOf } from "../../src/pages/Sql/linked";
import { addressBar } from "../address";

const study = {
  has_drift: true,
  saes: [
    { sae: "first", d_sae: 10 },
    { sae: "second", d_sae: 100 },
  ],
  roles: [{ role: "pirate" }, { role: "default" }],
} as unknown as Study;

function links(columns: string[], ...rows: unknown[][]): (string | null)[][] {
  const result = { columns: columns.map((name) => ({ name, type: "" })), rows } as unknown as SqlResult;
  const linkOf = linksOf(result, study);
  return rows.map((row, at) => row.map((_, column) => linkOf(at, column)));
}

afterEach(() => vi.unstubAllGlobals());

test("features, roles, responses and conversations are links, whatever SAE the address names", () => {
  addressBar("#/sql?sae=second");
  expect(links(["feature_id", "role", "response_id", "run", "mean"], [7, "pirate", 100003, "8ac1", 7])).toEqual([
    ["#/feature/7", "#/role/pirate", "#/role/pirate?response=100003", "#/drift/8ac1", null],
  ]);
  expect(links(["Feature", "role_b", "preferred_role"], [7, "default", "pirate"])[0]?.every((one) => one !== null)).toBe(true);
});

test("a row that names its SAE leads to that one's pages", () => {
  addressBar("#/sql");
  const rows = links(["sae", "feature_id", "role"], ["second", 77, "pirate"], ["another", 7, "pirate"]);
  expect(rows).toEqual([
    [null, "#/feature/77?sae=second", "#/role/pirate?sae=second"],
    [null, null, null],
  ]);
});

test("what the study has not is no link", () => {
  addressBar("#/sql");
  const rows = links(
    ["feature_id", "role", "n_features", "role_mean", "response_id"],
    [10, "javascript:alert(1)", 7, 7, 3],
    [null, null, 1, 1, 1],
  );
  expect(rows.flat()).toEqual(Array(10).fill(null));
  expect(links(["feature_id"], [0.5], [-1], ["7"], [9n])).toEqual([[null], [null], [null], [null]]);
});
