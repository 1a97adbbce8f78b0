import { expect, test } from "vitest";
import { blockOf, blockText, parseBlock, wholeOf, zoomed } from "../../src/charts/block";

test("a block is read from an address as it was written, and what is none is everything", () => {
  const block = { row: 3, column: 40, size: 8 };
  expect(parseBlock(blockText(block, 276), 276)).toEqual(block);
  expect(blockText(wholeOf(276), 276)).toBe("");
  for (const text of ["", "1", "1,2", "1,2,3,4", "a,b,c", "-1,0,2", "0.5,0,2", "0,0,0", "270,0,8", "0,270,8"]) {
    expect(parseBlock(text, 276)).toEqual(wholeOf(276));
  }
});

test("zooming halves the block about a cell, within the square, down to four cells", () => {
  expect(zoomed(wholeOf(276), "in", [200, 10], 276)).toEqual({ row: 131, column: 0, size: 138 });
  expect(zoomed({ row: 8, column: 8, size: 4 }, "in", null, 276).size).toBe(4);
  expect(zoomed({ row: 0, column: 0, size: 3 }, "in", null, 3)).toEqual(wholeOf(3));
  expect(zoomed({ row: 131, column: 0, size: 138 }, "out", null, 276)).toEqual(wholeOf(276));
});

test("a family's block is square on the diagonal", () => {
  expect(blockOf({ name: "poets", from: 2, to: 5 })).toEqual({ row: 2, column: 2, size: 4 });
});
