import { expect, test } from "vitest";
import { visible } from "../../src/components/visible";

test("a token's leading space stays, and ends of lines and tabs have signs", () => {
  expect(visible(" ye")).toBe(" ye");
  expect(visible(".\n\n\t")).toBe(".↵↵⇥");
});

test("of a token that nobody could see each character is named", () => {
  expect(visible("   ")).toBe("␣␣␣");
  expect(visible("\u200b\u00a0")).toBe("U+200BU+00A0");
  expect(visible("\n ")).toBe("↵ ");
  expect(visible("")).toBe("");
});
