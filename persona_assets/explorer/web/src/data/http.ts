/** Reading from the host that served the page: addresses are relative, so that any subfolder works. */
import type { Problem } from "../generated/contract";
import { connection } from "./connection";
import { isAbort, ProblemError } from "./problem";

/** Fetch `path` below the page's folder. Throws ProblemError for a refusal or no answer, AbortError when aborted. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, document.baseURI), { cache: "no-cache", ...init });
  } catch (error) {
    if (isAbort(error)) throw error;
    connection.lost();
    throw new ProblemError({ error: "The server does not answer." }, null);
  }
  if (!response.ok) throw new ProblemError(await problemOf(response, path), response.status);
  return response;
}

async function problemOf(response: Response, path: string): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "error" in body) return body as Problem;
  } catch {
    // a static host's own page of an error
  }
  return { error: response.status === 404 ? `There is no ${path} here.` : `${path}: status ${response.status}.` };
}

/** The JSON at `path`. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal ? { signal } : {});
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ProblemError({ error: `${path} is not readable JSON.` }, response.status);
  }
}

/** POST `body` as JSON, e.g. `post("api/sql", {sql}, signal)`; the caller reads the answer. */
export function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return request(path, { method: "POST", headers, body: JSON.stringify(body), ...(signal ? { signal } : {}) });
}

/** The lines of JSON of a streamed answer, one at a time, while they arrive. */
export async function* streamLines<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
  const response = await request(path, { signal });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
    if (done) return;
  }
}

/** Hand `blob` to the reader as a file. */
export function saveFile(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
