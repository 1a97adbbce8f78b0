import { expect, test } from "vitest";
import { spelled } from "../../src/pages/Sql/site/spelled";
import type { Token } from "../../src/pages/Sql/site/statement";

const of = (type: string, name = "x") => ({ name, type });
const end = (start: number): Token[] => [{ start, kind: 3, text: "; -- x" }];

test.each(["INTEGER", "HUGEINT", "VARCHAR[]", 'STRUCT("MAP" INTEGER)', "DECIMAL(38,2)", "TIMESTAMP WITH TIME ZONE"])(
  "a column of %s is asked for as it is",
  (type) => expect(spelled("select 1;", end(8), [of(type)])).toBe("select 1;"),
);

test.each(["INTERVAL", "UUID[]", "STRUCT(a BIT)", "MAP(INTEGER, VARCHAR)", "ENUM('a')", "DECIMAL(38,0)", "TIME WITH TIME ZONE"])(
  "DuckDB writes a column of %s",
  (type) => expect(spelled("select 1", [], [of("INTEGER"), of(type, 'a"b')])).toBe('select #1, #2::varchar as "a""b" from (\nselect 1\n)'),
);

test("the semicolon is counted in bytes, and a comment behind it goes with it", () => {
  expect(spelled("select 'ü'; -- x", end(11), [of("UUID")])).toBe("select #1::varchar as \"x\" from (\nselect 'ü'\n)");
});
