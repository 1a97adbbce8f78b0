import type { Problem } from "../generated/contract";

/** What a server, a file or the network refused; `status` is null where no answer came. */
export class ProblemError extends Error {
  readonly problem: Problem;
  readonly status: number | null;

  constructor(problem: Problem, status: number | null) {
    super(problem.error);
    this.problem = problem;
    this.status = status;
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError({ error: error instanceof Error ? error.message : String(error) }, null);
}
