/** A static site's database, asked by the reader's own browser. */
import { toCsv } from "../../../components/csv";
import { bytes } from "../../../components/format";
import { ProblemError } from "../../../data/problem";
import type { SiteSql, SqlResult } from "../../../generated/contract";
import type { Asker } from "../asker";
import { complaint } from "./complaint";
import type { Duck } from "./duck";
import type { Step } from "./reading";

const SHOWN = 1000; // rows
export const EXPORTED = 100_000;
export const MOST_READ = 100e6; // bytes of the database, for a query
export const MOST_WHOLE = 1e9; // bytes of a database that is read whole

type Answer = Pick<SqlResult, "columns" | "rows" | "truncated">;

export class SiteAsker implements Asker {
  readonly formats: Asker["formats"] = ["csv"];
  private readonly site: SiteSql;
  private readonly study: string;
  private readonly ranges: boolean; // whether the host serves parts of files
  private duck: Promise<Duck> | null = null;
  private said = 0; // bytes that earlier answers were said to have read
  private last: Promise<unknown> = Promise.resolve();

  constructor(site: SiteSql, study: string, ranges: boolean) {
    this.site = site;
    this.study = study;
    this.ranges = ranges;
  }

  async ask(sql: string, signal: AbortSignal, report: (said: string) => void): Promise<SqlResult> {
    return this.inTurn(signal, async () => {
      const duck = await this.opened(report);
      const begun = performance.now();
      const answer = await this.answer(duck, sql, SHOWN, signal, report);
      const seconds = (performance.now() - begun) / 1000;
      const before = this.said;
      this.said = duck.read(); // of the first query also what it took to open the database
      return { ...answer, seconds, note: this.ranges ? `${bytes(this.said - before)} of the database read` : null };
    });
  }

  async file(sql: string): Promise<Blob> {
    const never = new AbortController().signal;
    const { columns, rows } = await this.inTurn(never, async () => {
      const duck = await this.opened(() => undefined);
      return this.answer(duck, sql, EXPORTED, never, () => undefined);
    });
    const cells = rows.map((row) => row.map((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value)));
    return new Blob([toCsv([columns.map((column) => column.name), ...(cells as string[][])])], { type: "text/csv" });
  }

  /** One query after the other: DuckDB's connection knows one at a time. */
  private inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** The database, open; tried again by the next query where it could not be opened. */
  private async opened(report: (said: string) => void): Promise<Duck> {
    if (!this.ranges && this.site.bytes > MOST_WHOLE) throw new ProblemError({ error: tooLarge(this.site.bytes) }, null);
    this.duck ??= this.open(report);
    try {
      return await this.duck;
    } catch (error) {
      this.duck = null;
      throw error;
    }
  }

  private async open(report: (said: string) => void): Promise<Duck> {
    const { open } = await import("./duck");
    return open(this.site, this.ranges, (step) => report(told(step)));
  }

  private async answer(duck: Duck, sql: string, most: number, signal: AbortSignal, report: (said: string) => void): Promise<Answer> {
    const before = duck.read();
    let tooMuch = false;
    duck.watch((read) => {
      report(`${bytes(read - before)} of the database read`);
      tooMuch ||= this.ranges && read - before > MOST_READ;
      if (tooMuch) duck.cancel();
    });
    signal.addEventListener("abort", duck.cancel);
    try {
      return await duck.rows(sql, most);
    } catch (error) {
      signal.throwIfAborted();
      if (tooMuch)
        throw new ProblemError(
          { error: `ended: it has read ${bytes(MOST_READ)} of the database; name fewer columns, or add a filter` },
          null,
        );
      throw new ProblemError(complaint(error, sql, this.site.lacking, this.study), null);
    } finally {
      signal.removeEventListener("abort", duck.cancel);
    }
  }
}

export const tooLarge = (n: number): string =>
  `This host serves no parts of files, and the database, ${bytes(n)}, is too large to be read whole: use a host that answers HTTP range requests.`;

function told({ what, done, of }: Step): string {
  return `${what === "engine" ? "DuckDB" : "the whole database"}: ${bytes(done)} of ${bytes(of)} loaded`;
}
