import { DateDay, Decimal, Field, Float64, Int32, Int64, List, Struct, TimestampMicrosecond, Utf8 } from "apache-arrow";
import { expect, test } from "vitest";
import { toCsv } from "../../src/components/csv";
import { complaint } from "../../src/pages/Sql/site/complaint";
import { refusal } from "../../src/pages/Sql/site/statement";
import { isText, plain, typeName } from "../../src/pages/Sql/site/values";

const json = (type: string, message: string, position?: string) =>
  new Error(JSON.stringify({ exception_type: type, exception_message: message, ...(position ? { position } : {}) }));
const told = (error: Error, sql = "") =>
  complaint(error, sql, { lacking: ["responses"], macros: { top_features: "top_features(role, sae)" } }, "small");

test("a complaint is one line, its place counted in characters", () => {
  const sql = "select 'ü',\n  rol from roles";
  const said = told(
    json("Binder", 'Referenced column "rol" not found\nCandidates: "role"', String(new TextEncoder().encode("select 'ü',\n  ").length)),
    sql,
  );
  expect(said).toEqual({ error: 'Binder Error: Referenced column "rol" not found Candidates: "role"', line: 2, column: 3 });
  expect(told(json("Parser", "syntax error", "9"), "select 'ü' form x")).toMatchObject({ line: 1, column: 10 });
  const nested = json("Parser", JSON.stringify({ exception_type: "Parser", exception_message: "syntax error", position: "9" }));
  expect(told(nested, "select 'ü' form x")).toEqual({ error: "Parser Error: syntax error", line: 1, column: 10 });
  expect(told(new Error("Out of Memory Error: no\n\nLINE 1: x"))).toEqual({ error: "Out of Memory Error: no" });
});

test("what the site does not hold is said so, with where it is", () => {
  expect(told(json("Catalog", "Table with name responses does not exist!")).error).toMatch(
    /^responses is not in the site's database; ask it with/,
  );
  expect(told(json("Catalog", "Table with name respnoses does not exist!")).error).toMatch(/^Catalog Error/);
  expect(
    told(json("Catalog", 'Scalar Function with name "json_keys" is not in the catalog, but it exists in the json extension.')).error,
  ).toMatch(/^This needs DuckDB's extension json/);
});

test("of a macro's arguments it says what the live console says", () => {
  const wrong =
    "Macro top_features() does not support the supplied arguments. You might need to add explicit type casts.\nCandidate macros:\n\ttop_features(role, sae := NULL)";
  const line = "Binder Error: top_features takes other arguments: top_features(role, sae := NULL)";
  expect(told(json("Binder", wrong, "5"), "from top_features()")).toEqual({ error: line, line: 1, column: 6 });
  expect(told(new Error(`Binder Error: ${wrong}\n\nLINE 1: from top_features()`))).toEqual({ error: line });
  expect(told(json("Catalog", 'Table with name top_features does not exist!\nDid you mean "sqlite_master"?')).error).toMatch(
    / top_features is a macro: give it its arguments, top_features\(role, sae\)$/,
  );
});

test("values are JSON's, those that it cannot hold are text", () => {
  expect(plain(2n ** 53n, new Int64())).toBe("9007199254740992");
  expect(plain(12n, new Int64())).toBe(12);
  expect(plain(Number.NaN, new Float64())).toBe("NaN");
  expect(plain(new Uint32Array([0xfffffffb, 0xffffffff, 0xffffffff, 0xffffffff]), new Decimal(2, 4))).toBe("-0.05");
  expect(plain(-14_182_339_999.544, new TimestampMicrosecond())).toBe("1969-07-20T20:27:40.000456");
  expect(plain((2 ** 31 - 1) * 86_400_000, new DateDay())).toBe("infinity");
  expect(plain(-(2 ** 63) / 1000, new TimestampMicrosecond())).toBe("-infinity");
  expect(plain(2 ** 53, new TimestampMicrosecond())).toMatch(/^beyond/);
  expect(plain(null, new Utf8())).toBeNull();
});

test("types are DuckDB's", () => {
  const fields = [new Field("a", new Int32()), new Field("b", new List(new Field("item", new Utf8())))];
  expect(typeName(new Struct(fields))).toBe("STRUCT(a INTEGER, b VARCHAR[])");
  expect(typeName(new Decimal(3, 9))).toBe("DECIMAL(9,3)");
});

test("a database that is no longer there is said so in words of ours", () => {
  const error = new Error(
    'IO Error: Range request for http://a/data/w.duckdb failed with error: Error: Range request for http://a/data/w.duckdb did returned non-success status: 404 ""',
  );
  expect(told(error).error).toMatch(/^The site was published again/);
});

test("only columns of text, whatever they nest, keep a spreadsheet from seeing a formula", () => {
  expect(["VARCHAR", "VARCHAR[]", "STRUCT(a INTEGER)", "INTEGER[]", "INTERVAL", "ENUM('a')"].map(isText)).not.toContain(false);
  expect(["DECIMAL(2,1)", "HUGEINT", "DOUBLE", "BIGINT", "DATE", "UUID"].some(isText)).toBe(false);
  expect(toCsv([["-a"], ["-1.5"], ["=1"]], [false])).toBe("'-a\r\n-1.5\r\n=1\r\n");
  expect(toCsv([["a"], ["-1.5"]])).toBe("a\r\n'-1.5\r\n");
});

test("a statement that does not read is refused at its first word, which is named", () => {
  const tokens = [
    { start: 3, kind: 0, text: "selct " },
    { start: 9, kind: 1, text: "1" },
  ];
  const said = refusal("   selct 1", tokens)!;
  expect(said.error).toMatch(/^only reading is possible here: .*; “selct” is none of these$/);
  expect([said.line, said.column]).toEqual([1, 4]);
  expect(refusal("   FROM roles", [{ start: 3, kind: 0, text: "FROM " }])).toBeNull();
});
