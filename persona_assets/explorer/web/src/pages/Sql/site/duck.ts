/** DuckDB in a worker of this page, with the site's database open in it. */

import { PROGRAM, PROGRAM_BYTES, WORKER } from "virtual:duckdb";
import { AsyncDuckDB, DuckDBDataProtocol, VoidLogger } from "@duckdb/duckdb-wasm";
import { RecordBatchReader, tableFromIPC } from "apache-arrow";
import { ProblemError } from "../../../data/problem";
import type { SiteSql, SqlResult } from "../../../generated/contract";
import { bytesOf, type Report, unpacked } from "./reading";
import { type Column, spelled } from "./spelled";
import type { Token } from "./statement";
import { plain, typeName } from "./values";

const FILE = "warehouse.duckdb";

// What it needs it has: it fetches no extension, reads no other file, and stays so.
const PREPARE = [
  `attach '${FILE}' as warehouse (read_only)`,
  "use warehouse",
  "set errors_as_json = true",
  "set autoinstall_known_extensions = false",
  "set autoload_known_extensions = false",
  "set enable_external_access = false",
  "set lock_configuration = true",
];

export class Duck {
  private readonly bindings: AsyncDuckDB;
  private readonly connection: number;
  private readonly engine: Engine;

  constructor(bindings: AsyncDuckDB, connection: number, engine: Engine) {
    this.bindings = bindings;
    this.connection = connection;
    this.engine = engine;
  }

  /** How many bytes of the database were read until now. */
  read = (): number => this.engine.read;

  /** Whether it ended, and answers no more. */
  dead = (): boolean => this.engine.dead;

  /** End it, and give back its memory. */
  end = (): void => this.engine.end("it was ended");

  /** The words and signs of `sql`, without its comments. */
  async tokens(sql: string): Promise<Token[]> {
    const { offsets, types } = await this.engine.or(this.bindings.tokenize(sql));
    const bytes = new TextEncoder().encode(sql);
    const decoder = new TextDecoder();
    const all = offsets.map((start, place) => ({
      start,
      kind: types[place]!,
      text: decoder.decode(bytes.slice(start, offsets[place + 1])),
    }));
    return all.filter(({ kind }) => kind !== COMMENT);
  }

  /** The first `most` rows of the answer to `sql`. `goOn` is called several times a second, and ends the query by an error. */
  async rows(sql: string, most: number, goOn: () => void): Promise<Pick<SqlResult, "columns" | "rows" | "truncated">> {
    const told = await this.described(sql);
    goOn();
    const asked = told && spelled(sql, await this.tokens(sql), told);
    const answer = await (await RecordBatchReader.from(this.parts(asked ?? sql, goOn))).open();
    const { fields } = answer.schema;
    const rows: unknown[][] = [];
    for await (const batch of answer) {
      const columns = fields.map((field, place) => ({ type: field.type, values: batch.getChildAt(place) }));
      for (let row = 0; row < batch.numRows && rows.length <= most; row++) {
        rows.push(columns.map(({ type, values }) => plain(values?.get(row), type)));
      }
      if (rows.length > most) break;
    }
    const columns = fields.map((field, at) => ({ name: field.name, type: told?.[at]?.type ?? typeName(field.type) }));
    return { columns, rows: rows.slice(0, most), truncated: rows.length > most };
  }

  /** The columns of the answer with DuckDB's own types, of which Arrow has not all; null where `sql` cannot be described. */
  private async described(sql: string): Promise<Column[] | null> {
    const asked = this.bindings.runQuery(this.connection, `describe ${sql}`);
    try {
      const rows = tableFromIPC(await this.engine.or(asked)).toArray();
      return rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
    } catch (error) {
      if (this.dead()) throw error;
      return null; // what is wrong with it is told where it is asked
    }
  }

  /** The answer's schema and its batches, as they come. The worker is asked again and again: between it can be ended. */
  private async *parts(sql: string, goOn: () => void): AsyncGenerator<Uint8Array> {
    const { bindings, connection, engine } = this;
    const step = async (asked: Promise<Uint8Array | null>) => {
      const part = await engine.or(asked);
      goOn();
      return part;
    };
    let whole = false;
    try {
      let part = await step(bindings.startPendingQuery(connection, sql, true));
      while (part === null) part = await step(bindings.pollPendingQuery(connection));
      while (part === null || part.length > 0) {
        if (part !== null) yield part;
        part = await step(bindings.fetchQueryResults(connection));
      }
      whole = true;
    } finally {
      if (!whole && !engine.dead) await engine.or(bindings.cancelPendingQuery(connection));
    }
  }
}

const COMMENT = 5; // DuckDB's number of this kind of token

/** The worker: what it says of its reading (guard.js), and whether it lives. */
class Engine {
  read = 0;
  dead = false;
  started = false;
  private readonly worker: Worker;
  private readonly failed: Promise<never>;
  private fail: (error: Error) => void = () => undefined;

  constructor(worker: Worker) {
    this.worker = worker;
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => undefined);
    worker.addEventListener("error", (event) => this.end(event.message || "its worker could not be loaded"));
    worker.addEventListener("message", (event: MessageEvent) => {
      const { read, failed } = event.data ?? {};
      if (typeof read !== "number" && typeof failed !== "string") return;
      event.stopImmediatePropagation(); // it is not for DuckDB
      if (typeof failed === "string") this.end(failed);
      else this.read += read;
    });
  }

  /** What was asked of the worker; rejected too where the worker ends meanwhile, of which DuckDB's own code says nothing. */
  async or<T>(asked: Promise<T>): Promise<T> {
    try {
      return await Promise.race([asked, this.failed]);
    } catch (error) {
      // Its program broke off, in whatever state its memory was.
      if (error instanceof Error && error.name === "RuntimeError") this.end(error.message);
      throw error;
    }
  }

  /** End the worker: an older browser, the host's policy, or memory that ran out. */
  end(why: string): void {
    this.dead = true;
    this.worker.terminate();
    const error = this.started
      ? `DuckDB ended in this browser: ${why}. The next query starts it again.`
      : `DuckDB does not start in this browser: ${why}`;
    this.fail(new ProblemError({ error }, null));
  }
}

/** Load the engine and open the database beside `data/sql.json`: by ranges, or whole where the host has none. */
export async function open(site: SiteSql, ranges: boolean, signal: AbortSignal, report: Report): Promise<Duck> {
  const loading = await bytesOf(PROGRAM, PROGRAM_BYTES, signal, (done) => report({ what: "engine", done, of: PROGRAM_BYTES }));
  const program = await unpacked(loading);
  const address = new URL(`data/${site.file}`, document.baseURI).href;
  const worker = new Worker(WORKER, { name: JSON.stringify({ address, bytes: site.bytes }) });
  const engine = new Engine(worker);
  try {
    const duck = new AsyncDuckDB(new VoidLogger(), worker);
    const blob = URL.createObjectURL(new Blob([program], { type: "application/wasm" }));
    await engine.or(duck.instantiate(blob)).finally(() => URL.revokeObjectURL(blob));
    // guard.js answers HEAD. Without parts of the file there is an error, and never the whole of it.
    await engine.or(duck.open({ filesystem: { reliableHeadRequests: true, allowFullHTTPReads: false, forceFullHTTPReads: false } }));
    if (ranges) await engine.or(duck.registerFileURL(FILE, address, DuckDBDataProtocol.HTTP, true));
    else {
      const whole = await bytesOf(address, site.bytes, signal, (done) => report({ what: "database", done, of: site.bytes }));
      await engine.or(duck.registerFileBuffer(FILE, whole));
    }
    const connection = await engine.or(duck.connectInternal());
    for (const statement of PREPARE) await engine.or(duck.runQuery(connection, statement));
    signal.throwIfAborted();
    engine.started = true;
    return new Duck(duck, connection, engine);
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
