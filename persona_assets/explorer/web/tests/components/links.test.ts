import { expect, test } from "vitest";
import { fromMatch } from "../../src/components/links";

test("a label is shown from a little before what was found in it, where that stands far in", () => {
  const label = `fires most on ${"words and words ".repeat(4)}then Friendship of all`;
  expect(fromMatch(label, " friend ")).toBe(`…${label.slice(label.indexOf("Friend") - 20)}`);
  for (const found of [undefined, "", "fires", "nowhere"]) expect(fromMatch(label, found)).toBe(label);
});
