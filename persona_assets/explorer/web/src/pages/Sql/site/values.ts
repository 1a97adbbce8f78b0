/** Answers of DuckDB in the browser as the live console gives them: the contract's `SqlResult`. */
import { DataType, type Decimal, type Field, type List, type Struct, type Timestamp, type TypeMap, type Vector } from "apache-arrow";

const EXACT = BigInt(Number.MAX_SAFE_INTEGER);
const DAY = 86_400_000;

/** The type as DuckDB writes it. */
export function typeName(type: DataType): string {
  if (DataType.isDictionary(type)) return "VARCHAR"; // an ENUM, whose values are texts
  if (DataType.isInt(type))
    return `${type.isSigned ? "" : "U"}${{ 8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT" }[type.bitWidth]}`;
  if (DataType.isFloat(type)) return type.precision === 2 ? "DOUBLE" : "FLOAT";
  if (DataType.isDecimal(type)) return type.scale === 0 && type.precision === 38 ? "HUGEINT" : `DECIMAL(${type.precision},${type.scale})`;
  if (DataType.isTimestamp(type)) return type.timezone ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP";
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) return `${typeName((type as List).children[0]!.type)}[]`;
  if (DataType.isStruct(type)) return `STRUCT(${type.children.map((one) => `${one.name} ${typeName(one.type)}`).join(", ")})`;
  if (DataType.isMap(type)) return `MAP(${(type.children[0]!.type as Struct).children.map((one) => typeName(one.type)).join(", ")})`;
  return plainName(type);
}

/** Whether values of this type hold text that others wrote. */
export const isText = (type: string): boolean => /VARCHAR|BLOB|^(STRUCT|MAP|UNION|INTERVAL|ENUM)\b|\[\]$/.test(type);

function plainName(type: DataType): string {
  if (DataType.isBool(type)) return "BOOLEAN";
  if (DataType.isDate(type)) return "DATE";
  if (DataType.isTime(type)) return "TIME";
  if (DataType.isInterval(type)) return "INTERVAL";
  if (DataType.isBinary(type)) return "BLOB";
  return DataType.isNull(type) ? '"NULL"' : "VARCHAR";
}

/** A value as JSON has it: large integers and decimals are texts, so are NaN and infinities. */
export function plain(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (DataType.isDecimal(type)) return decimal(value as Uint32Array, type);
  if (typeof value === "bigint") return DataType.isTime(type) ? clock(Number(value) / 1000) : integer(value);
  if (DataType.isDate(type)) return date(value as number);
  if (DataType.isTimestamp(type)) return moment(value as number, type);
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) return list(value as Vector, (type as List).children[0]!.type);
  if (DataType.isStruct(type)) return struct(value as Record<string, unknown>, type.children);
  if (DataType.isMap(type))
    return Object.fromEntries(entries(value as Iterable<[unknown, unknown]>, (type.children[0]!.type as Struct).children));
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return typeof value === "object" ? String(value) : value;
}

const integer = (value: bigint): number | string => (value <= EXACT && value >= -EXACT ? Number(value) : String(value));

/** 128 bits in words of 32, the least first, in two's complement. */
function decimal(words: Uint32Array, { scale, precision }: Decimal): number | string {
  const bits = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  const value = BigInt.asIntN(words.length * 32, bits);
  if (scale === 0) return precision === 38 ? integer(value) : String(value);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** 12:34:56.789012 of milliseconds since midnight. */
function clock(milliseconds: number): string {
  const micros = Math.round((milliseconds - Math.floor(milliseconds)) * 1000);
  const text = new Date(Math.floor(milliseconds)).toISOString().slice(11, 23) + String(micros).padStart(3, "0");
  return text.endsWith(".000000") ? text.slice(0, 8) : text;
}

const INFINITE_DATE = (2 ** 31 - 1) * DAY;
const INFINITE_TIME = 2 ** 63 / 1000 - 10; // milliseconds
const LATEST = 8.64e15; // that a Date knows

function date(milliseconds: number): string {
  if (Math.abs(milliseconds) === INFINITE_DATE) return infinity(milliseconds);
  return Math.abs(milliseconds) > LATEST ? BEYOND : new Date(milliseconds).toISOString().split("T")[0]!;
}

const BEYOND = "beyond the years that a browser can write";
const infinity = (value: number): string => (value > 0 ? "infinity" : "-infinity");

function moment(milliseconds: number, { timezone }: Timestamp): string {
  if (Math.abs(milliseconds) >= INFINITE_TIME) return infinity(milliseconds);
  if (Math.abs(milliseconds) > LATEST - DAY) return BEYOND;
  const days = Math.floor(milliseconds / DAY);
  const date = new Date(days * DAY).toISOString().split("T")[0];
  return `${date}T${clock(milliseconds - days * DAY)}${timezone ? "+00:00" : ""}`;
}

const list = (values: Vector<TypeMap[string]>, type: DataType) => Array.from(values, (one) => plain(one, type));

function struct(row: Record<string, unknown>, fields: Field[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.name, plain(row[field.name], field.type)]));
}

function entries(pairs: Iterable<[unknown, unknown]>, [key, value]: Field[]): [string, unknown][] {
  return Array.from(pairs, ([name, one]) => [String(plain(name, key!.type)), plain(one, value!.type)]);
}
