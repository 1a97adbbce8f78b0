/** A static site's database, asked by the reader's own browser. */
import { toCsv } from "../../../components/csv";
import { bytes, count } from "../../../components/format";
import { isAbort, ProblemError } from "../../../data/problem";
import type { SiteSql, SqlResult } from "../../../generated/contract";
import type { Answered, Asker, Report, Written } from "../asker";
import { complaint, PUBLISHED_AGAIN } from "./complaint";
import type { Duck } from "./duck";
import type { Step } from "./reading";
import { refusal } from "./statement";
import { isText } from "./values";

const SHOWN = 1000; // rows
export const EXPORTED = 100_000;
export const MOST_READ = 100e6; // bytes of the database, for a query
export const MOST_WHOLE = 1e9; // bytes of a database that is read whole

let kept: SiteAsker | null = null;

/** The one that asks this database: of every visit to the page, for it holds an engine and what was read. */
export function askerOf(site: SiteSql, study: string, ranges: boolean): SiteAsker {
  if (!kept?.isOf(site, ranges)) {
    kept?.end();
    kept = new SiteAsker(site, study, ranges);
  }
  return kept;
}

class SiteAsker implements Asker {
  readonly formats: Asker["formats"] = ["csv"];
  private readonly site: SiteSql;
  private readonly study: string;
  private readonly ranges: boolean; // whether the host serves parts of files
  private duck: Duck | null = null;
  private unsaid = 0; // bytes that it took to open the database, while no answer was said to have read them
  private last: Promise<unknown> = Promise.resolve();

  constructor(site: SiteSql, study: string, ranges: boolean) {
    this.site = site;
    this.study = study;
    this.ranges = ranges;
  }

  isOf(site: SiteSql, ranges: boolean): boolean {
    return site.file === this.site.file && ranges === this.ranges;
  }

  end(): void {
    this.duck?.end();
    this.duck = null;
  }

  async ask(sql: string, signal: AbortSignal, report: Report): Promise<SqlResult> {
    return this.inTurn(signal, async () => {
      const duck = await this.opened(signal, report);
      const [before, begun] = [duck.read(), performance.now()];
      const answer = await this.answer(duck, sql, SHOWN, signal, report);
      const seconds = (performance.now() - begun) / 1000;
      const read = duck.read() - before + this.unsaid;
      this.unsaid = 0;
      return { ...answer, seconds, note: this.ranges ? `${bytes(read)} of the database read` : null };
    });
  }

  async file(sql: string, _: "csv" | "parquet", signal: AbortSignal, report: Report): Promise<Written> {
    const { columns, rows, truncated } = await this.inTurn(signal, async () => {
      const duck = await this.opened(signal, report);
      return this.answer(duck, sql, EXPORTED, signal, report);
    });
    const cells = rows.map((row) => row.map((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value)));
    const csv = toCsv(
      [columns.map((column) => column.name), ...(cells as string[][])],
      columns.map((column) => isText(column.type)),
    );
    const note = truncated ? `the file holds the first ${count(EXPORTED)} rows: there are more` : null;
    return { blob: new Blob([csv], { type: "text/csv" }), note };
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

  /** The database, open; opened anew by the next query where it could not be, or where DuckDB ended. */
  private async opened(signal: AbortSignal, report: Report): Promise<Duck> {
    if (!this.ranges && this.site.bytes > MOST_WHOLE) throw new ProblemError({ error: tooLarge(this.site.bytes) }, null);
    if (this.duck === null || this.duck.dead()) {
      this.duck = null;
      this.duck = await this.open(signal, report);
      this.unsaid = this.duck.read();
    }
    return this.duck;
  }

  private async open(signal: AbortSignal, report: Report): Promise<Duck> {
    const { open } = await import("./duck").catch(() => {
      throw new ProblemError({ error: PUBLISHED_AGAIN }, null);
    });
    try {
      return await open(this.site, this.ranges, signal, (step) => report(told(step)));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ProblemError && error.status !== 404) throw error;
      throw new ProblemError(error instanceof ProblemError ? { error: PUBLISHED_AGAIN } : this.complaint(error, ""), null);
    }
  }

  private async answer(duck: Duck, sql: string, most: number, signal: AbortSignal, report: Report): Promise<Answered> {
    const before = duck.read();
    const goOn = () => {
      signal.throwIfAborted();
      const read = duck.read() - before;
      if (this.ranges && read > MOST_READ) throw new ProblemError({ error: TOO_MUCH }, null);
      if (read > 0) report(`${bytes(read)} of the database read`);
    };
    try {
      const refused = refusal(sql, await duck.tokens(sql));
      if (refused !== null) throw new ProblemError(refused, null);
      return await duck.rows(sql, most, goOn);
    } catch (error) {
      if (error instanceof ProblemError || isAbort(error)) throw error;
      throw new ProblemError(this.complaint(error, sql), null);
    }
  }

  private complaint(error: unknown, sql: string) {
    return complaint(error, sql, this.site, this.study);
  }
}

const TOO_MUCH = `The query was ended: it had read ${bytes(MOST_READ)} of the database. Name fewer columns, or add a filter.`;

export const tooLarge = (n: number): string =>
  `This host does not answer range requests, and the database, ${bytes(n)}, is too large to be read whole: use a host that does.`;

function told({ what, done, of }: Step): string {
  return `${what === "engine" ? "DuckDB" : "the whole database"}: ${bytes(done)} of ${bytes(of)} loaded`;
}
