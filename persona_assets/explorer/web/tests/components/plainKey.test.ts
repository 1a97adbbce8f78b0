import { expect, test } from "vitest";
import { plainKey } from "../../src/components/plainKey";

const alone = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };

test.each(["altKey", "ctrlKey", "metaKey", "shiftKey"])("an arrow with %s is the browser’s", (held) => {
  expect(plainKey({ ...alone, key: "ArrowLeft" })).toBe("ArrowLeft");
  expect(plainKey({ ...alone, key: "ArrowLeft", [held]: true })).toBe("");
});

test("a sign that needs shift zooms the chart, with ctrl the page alone", () => {
  expect(plainKey({ ...alone, key: "+", shiftKey: true })).toBe("+");
  expect(plainKey({ ...alone, key: "-", ctrlKey: true })).toBe("");
});
