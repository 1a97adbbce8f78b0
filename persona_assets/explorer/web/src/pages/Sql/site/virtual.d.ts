/** See vite.engine.ts. */
declare module "virtual:duckdb" {
  export const PROGRAM: string;
  export const PROGRAM_BYTES: number;
  export const WORKER: string;
}
