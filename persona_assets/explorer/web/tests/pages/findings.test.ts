import { expect, test } from "vitest";
import { saeOf, shownColumns, valueOf } from "../../src/pages/Findings/columns";

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

test("a feature is of the SAE that is named, else of the default, and of none that is gone", () => {
  const saes = [{ sae: "first" }, { sae: "second" }];
  expect(saeOf("second", saes)).toBe("second");
  expect(saeOf(undefined, saes)).toBeNull();
  expect(saeOf(null, saes)).toBeNull();
  expect(saeOf("lost", saes)).toBeUndefined();
});
