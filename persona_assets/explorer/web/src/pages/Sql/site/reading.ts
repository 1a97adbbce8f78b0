import { request } from "../../../data/http";

export interface Step {
  what: "engine" | "database"; // the database whole
  done: number; // bytes
  of: number;
}

export type Report = (step: Step) => void;

/** The file at `path`, `n` bytes long as it is served. */
export async function bytesOf(
  path: string,
  n: number,
  signal: AbortSignal,
  report: (done: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { body } = await request(path, { cache: "default", signal });
  let done = 0;
  const counted = body!.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, out) {
        done += chunk.length;
        report(Math.min(done, n));
        out.enqueue(chunk);
      },
    }),
  );
  return gathered(counted);
}

/** What gzip packed; as it is where a host unpacked it on its way. */
export async function unpacked(whole: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return whole[0] === 0x1f && whole[1] === 0x8b ? gathered(new Blob([whole]).stream().pipeThrough(new DecompressionStream("gzip"))) : whole;
}

async function gathered(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Whether the host serves parts of a file: asked for its first bytes, and not read on where it sends all. */
export async function servesRanges(path: string, signal: AbortSignal): Promise<boolean> {
  const asking = new AbortController();
  const answer = await request(path, {
    cache: "no-store",
    headers: { range: "bytes=0-15" },
    signal: AbortSignal.any([signal, asking.signal]),
  });
  const { status } = answer;
  asking.abort();
  return status === 206;
}
