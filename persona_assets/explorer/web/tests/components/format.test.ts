import { describe, expect, test } from "vitest";
import { toCsv } from "../../src/components/csv";
import { count, fixed, fmt, moment, percent, qValue, signed, signedFmt } from "../../src/components/format";

test.each([fmt, fixed, signed, signedFmt, percent, count, qValue])("%o writes what is not known as a dash", (write) => {
  for (const value of [null, undefined, NaN, Infinity]) expect(write(value)).toBe("–");
});

describe("numbers", () => {
  test.each([
    [0, "0"],
    [0.012345, "0.0123"],
    [4.567, "4.57"],
    [123.4, "123"],
    [-0.5, "−0.500"],
    [1.23e-7, "1.23e−7"],
    [-2.5e8, "−2.50e+8"],
    [9999999, "9999999"],
  ])("%d has three significant digits: %s", (value, text) => expect(fmt(value)).toBe(text));

  test("digits and decimals can be asked for", () => {
    expect([fmt(1.23456, 5), fixed(-1.005, 1), signed(0.25, 1)]).toEqual(["1.2346", "−1.0", "+0.3"]);
  });

  test("an effect has its sign, zero has none", () => {
    expect([signed(1), signed(-1), signed(0)]).toEqual(["+1.00", "−1.00", "0.00"]);
    expect([fixed(-0.001), signed(-0.004), signed(0.004)]).toEqual(["0.00", "0.00", "0.00"]); // rounded, neither has it
    expect([signedFmt(0.5), signedFmt(-0.5), signedFmt(0)]).toEqual(["+0.500", "−0.500", "0"]);
  });

  test.each([
    [0, "0"],
    [0.0031, "0.31"],
    [0.42, "42.0"],
    [0.9996, "100"],
    [1, "100"],
  ])("%d is %s percent", (share, text) => expect(percent(share)).toBe(`${text}\u202f%`));

  test("a count stands in groups of thousands", () => {
    expect([count(512), count(65536)]).toEqual(["512", "65\u2009536"]);
  });

  test("of a q below a thousandth only that is said", () => {
    expect([qValue(0.0009), qValue(0.001), qValue(0.05)]).toEqual(["<\u202f0.001", "0.001", "0.050"]);
  });
});

test("a time that is none stays as it is", () => expect(moment("yesterday")).toBe("yesterday"));

test("CSV quotes what needs it, and keeps a formula from being one", () => {
  const rows = [
    ["a", 1, null],
    ['say "so"', true, "x,y"],
    ["=1+1", -1, "-x"],
  ];
  expect(toCsv(rows)).toBe('a,1,\r\n"say ""so""",true,"x,y"\r\n\'=1+1,-1,\'-x\r\n');
});
