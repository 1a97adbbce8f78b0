import { afterEach, describe, expect, test, vi } from "vitest";
import type { FeatureTable } from "../../src/generated/contract";
import { FIRST_COLUMNS } from "../../src/pages/Table/columns";
import { exportSql } from "../../src/pages/Table/exportSql";
import { answer, queryOf, setBounds, setColumns, setSort, withoutUnknown } from "../../src/pages/Table/query";
import { addressBar } from "../address";

const TABLE = {
  feature_id: [1, 2, 3, 14],
  label: ["Ships at sea", "law", null, "sea of ships"],
  preferred_role: ["pirate", "judge", null, "pirate"],
  score: [2, null, 1, 3],
  selected: [true, false, false, true],
  firing_rate: [null, null, null, null],
} as unknown as FeatureTable;

const query = (address: string) => queryOf(new URLSearchParams(address));
const ids = (address: string) => Array.from(answer(TABLE, query(address)), (row) => TABLE.feature_id[row]);

afterEach(() => vi.unstubAllGlobals());

describe("the rows that answer", () => {
  test("all are shown by id where nothing is asked", () => expect(ids("")).toEqual([1, 2, 3, 14]));
  test("every word must be in the label, whatever its case and place", () =>
    expect([ids("text=SHIPS+sea"), ids("text=sea+law")]).toEqual([[1, 14], []]));
  test("a word may be part of the id", () => expect(ids("text=14")).toEqual([14]));
  test("a role keeps the features that prefer it", () => expect(ids("role=judge")).toEqual([2]));
  test("the map keeps those on it", () => expect(ids("map=only")).toEqual([1, 14]));
  test("a range holds its ends and no unknown value", () => expect(ids("where=score:1..2")).toEqual([1, 3]));
  test("a range may be open at one end", () => expect(ids("where=score:..1.5")).toEqual([3]));
  test("a range without ends keeps all", () => expect(ids("where=score:..")).toEqual([1, 2, 3, 14]));
  test("an unknown value comes last in either order", () => {
    expect(ids("sort=score")).toEqual([3, 1, 14, 2]);
    expect(ids("sort=-score")).toEqual([14, 1, 3, 2]);
  });
  test("names are sorted without regard to case, rows alike by their place", () => {
    expect(ids("sort=label")).toEqual([2, 14, 1, 3]);
    expect(ids("sort=-selected")).toEqual([1, 14, 2, 3]);
  });
});

describe("the query of an address", () => {
  test("what names no column is passed over", () => {
    expect(query("sort=-nothing").sort).toEqual({ key: "feature_id", descending: true });
    expect(query("where=label:1..2,nothing:1..2,score:x..2").bounds).toEqual([{ key: "score", low: null, high: 2 }]);
  });
  test("columns stand in the table's order, the id always among them", () => {
    expect(query("columns=score,label,nothing").columns.map(({ key }) => key)).toEqual(["feature_id", "label", "score"]);
    expect(query("").columns.map(({ key }) => key)).toEqual(FIRST_COLUMNS);
  });
  test("a column of which nothing is known is not shown", () => {
    expect(withoutUnknown(query("columns=firing_rate,score"), TABLE).columns.map(({ key }) => key)).toEqual(["feature_id", "score"]);
  });
  test("what is set is what is read", () => {
    const hash = addressBar("#/table");
    setBounds([{ key: "score", low: 1, high: null }]);
    setSort("score", true);
    setColumns(["feature_id", "sd"]);
    expect(hash()).toBe("#/table?where=score%3A1..&sort=-score&columns=feature_id,sd");
    setBounds([]);
    setSort("feature_id", false);
    setColumns(FIRST_COLUMNS);
    expect(hash()).toBe("#/table");
  });
});

test("the exported query quotes text and keeps order and ranges", () => {
  const sql = exportSql(query("text=o'clock&role=judge&map=only&where=score:1..2&sort=-sd&columns=score"), "it's");
  expect(sql).toContain("where f.sae = 'it''s' and f.alive and contains(");
  expect(sql).toContain(", 'o''clock')");
  expect(sql).toMatch(/f\.preferred_role = 'judge' and a\.feature_id is not null and .* >= 1 and .* <= 2\n/);
  expect(sql).toMatch(/order by .*sd desc nulls last, f\.feature_id$/);
});
