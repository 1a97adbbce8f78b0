import { expect, test } from "vitest";
import type { FeatureTable } from "../../src/generated/contract";
import { searchFeatures, searchRoles } from "../../src/search/local";

const TABLE = {
  feature_id: [12, 1, 120, 30, 31],
  label: ["Sea", "of the sea", "undersea", "12 ships", null],
  preferred_role: [null, null, null, null, "judge"],
  sd: [1, 1, 1, 2, 3],
} as unknown as FeatureTable;

const found = (text: string) => searchFeatures(TABLE, text).map(({ feature_id }) => feature_id);

test("labels that begin so come first, then words, then parts of words", () => expect(found("sea")).toEqual([12, 1, 120]));
test("an id comes before labels and before ids that begin so", () => expect(found("12")).toEqual([12, 30, 120]));
test("a hash in front of an id is passed over", () => expect(found("#31")).toEqual([31]));
test("rows alike come by their standard deviation", () => expect(found("3")).toEqual([31, 30]));
test("roles are found with a blank for an underscore, those that begin so first", () => {
  expect(searchRoles(["old_sea_dog", "sea_dog"], "sea dog")).toEqual(["sea_dog", "old_sea_dog"]);
});
