/** DuckDB in a worker of this page, with the site's database open in it. */

import { PROGRAM, PROGRAM_BYTES, WORKER } from "virtual:duckdb";
import { AsyncDuckDB, type AsyncDuckDBConnection, DuckDBDataProtocol, VoidLogger } from "@duckdb/duckdb-wasm";
import { ProblemError } from "../../../data/problem";
import type { SiteSql, SqlResult } from "../../../generated/contract";
import { bytesOf, type Report } from "./reading";
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
  private readonly connection: AsyncDuckDBConnection;
  private readonly counter: Counter;

  constructor(connection: AsyncDuckDBConnection, counter: Counter) {
    this.connection = connection;
    this.counter = counter;
  }

  /** How many bytes of the database were read until now. */
  read = (): number => this.counter.read;

  /** Have `told` called with them whenever there are more, until another is given. */
  watch(told: (read: number) => void): void {
    this.counter.told = told;
  }

  /** End the query that is running. */
  cancel = (): void => void this.connection.cancelSent();

  /** The first `most` rows of the answer to `sql`. */
  async rows(sql: string, most: number): Promise<Pick<SqlResult, "columns" | "rows" | "truncated">> {
    const answer = await (await this.connection.send(sql, true)).open();
    const { fields } = answer.schema;
    const rows: unknown[][] = [];
    for await (const batch of answer) {
      const columns = fields.map((field, place) => ({ type: field.type, values: batch.getChildAt(place) }));
      for (let row = 0; row < batch.numRows && rows.length <= most; row++) {
        rows.push(columns.map(({ type, values }) => plain(values?.get(row), type)));
      }
      if (rows.length > most) break;
    }
    if (rows.length > most) await this.connection.cancelSent();
    const columns = fields.map((field) => ({ name: field.name, type: typeName(field.type) }));
    return { columns, rows: rows.slice(0, most), truncated: rows.length > most };
  }
}

/** What the worker says of its reading (counter.js). */
class Counter {
  read = 0;
  told: (read: number) => void = () => undefined;

  constructor(worker: Worker) {
    worker.addEventListener("message", (event: MessageEvent) => {
      if (typeof event.data?.read !== "number") return;
      event.stopImmediatePropagation(); // it is not for DuckDB
      this.read += event.data.read;
      this.told(this.read);
    });
  }
}

/** Rejected where the worker cannot run, or its program does not start: an older browser, or the host's policy. */
function failure(worker: Worker): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (why: string) => reject(new ProblemError({ error: `DuckDB does not start in this browser: ${why}` }, null));
    worker.addEventListener("error", (event) => fail(event.message || "its worker could not be loaded"));
    worker.addEventListener("message", (event: MessageEvent) => {
      if (typeof event.data?.failed !== "string") return;
      event.stopImmediatePropagation(); // it is not for DuckDB either
      fail(event.data.failed);
    });
  });
}

/** Load the engine and open the database beside `data/sql.json`: by ranges, or whole where the host has none. */
export async function open(site: SiteSql, ranges: boolean, report: Report): Promise<Duck> {
  const program = await bytesOf(PROGRAM, PROGRAM_BYTES, (done) => report({ what: "engine", done, of: PROGRAM_BYTES }));
  const worker = new Worker(WORKER);
  try {
    const counter = new Counter(worker);
    const failed = failure(worker);
    failed.catch(() => undefined);
    const duck = new AsyncDuckDB(new VoidLogger(), worker);
    const address = URL.createObjectURL(new Blob([program], { type: "application/wasm" }));
    await Promise.race([duck.instantiate(address), failed]).finally(() => URL.revokeObjectURL(address));
    await duck.open({ filesystem: { reliableHeadRequests: false, allowFullHTTPReads: true, forceFullHTTPReads: false } });
    const place = new URL(`data/${site.file}`, document.baseURI).href;
    if (ranges) await duck.registerFileURL(FILE, place, DuckDBDataProtocol.HTTP, true);
    else
      await duck.registerFileBuffer(FILE, await bytesOf(place, site.bytes, (done) => report({ what: "database", done, of: site.bytes })));
    const connection = await duck.connect();
    for (const statement of PREPARE) await connection.query(statement);
    return new Duck(connection, counter);
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
