import { expect, test } from "vitest";
import { shownColumns, valueOf } from "../../src/pages/Findings/columns";

test("an interval stands with its number, and ends without a number stand alone", () => {
  expect(shownColumns(["effect_low", "role", "effect", "effect_high", "q_low"])).toEqual([
    { name: "role", at: 1, low: null, high: null },
    { name: "effect", at: 2, low: 0, high: 3 },
    { name: "q_low", at: 4, low: null, high: null },
  ]);
});

test("half an interval is none", () => {
  expect(shownColumns(["x", "x_low"]).map((one) => one.name)).toEqual(["x", "x_low"]);
});

test("a value is found by the first column of the name", () => {
  expect(valueOf(["sae", "sae"], ["first", "second"], "sae")).toBe("first");
  expect(valueOf(["role"], ["pirate"], "sae")).toBeUndefined();
});
