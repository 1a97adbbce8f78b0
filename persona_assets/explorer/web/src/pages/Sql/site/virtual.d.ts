/** See vite.engine.ts. */
declare module "virtual:duckdb" {
  export const PROGRAM: string;
  export const PROGRAM_BYTES: number;
  export const ENGINE_BYTES: number; // with the worker
  export const WORKER: string;
}
