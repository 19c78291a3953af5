/** Bodies of requests: never more than is expected, never waited for without end. @module */
import { RegistryError } from "./errors.ts";

/** How a body is read. */
export interface BodyLimits {
  /** Most bytes. */
  readonly most: number;
  /** Longest wait for the next bytes, milliseconds. */
  readonly idleMs: number;
}

/** The body did not arrive whole: its sender has gone, or has said nothing for too long. */
export class BodyCutError extends RegistryError {}

/** The Content-Length header; undefined if there is none. */
export function contentLength(request: Request): number | undefined {
  const text = request.headers.get("content-length");
  if (text === null) return undefined;
  const length = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(length)) {
    throw new RegistryError(400, "SIZE_INVALID", `content-length ${JSON.stringify(text)} is not a length`);
  }
  return length;
}

function tooMuch({ most }: BodyLimits): RegistryError {
  return new RegistryError(413, "SIZE_INVALID", `the body is larger than the ${most} bytes that are taken`);
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  idleMs: number,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new BodyCutError(408, "BLOB_UPLOAD_INVALID", `nothing more of the body came in ${idleMs} ms`)),
      idleMs,
    );
  });
  try {
    return await Promise.race([reader.read(), late]);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new BodyCutError(400, "BLOB_UPLOAD_INVALID", "the body ended before its end");
  } finally {
    clearTimeout(timer);
  }
}

/** The chunks of a request's body. Throws a RegistryError beyond the limit, a BodyCutError where it breaks off. */
export async function* bodyChunks(request: Request, limits: BodyLimits): AsyncGenerator<Uint8Array> {
  const declared = contentLength(request);
  if (declared !== undefined && declared > limits.most) throw tooMuch(limits);
  if (request.body === null) return;
  const reader = request.body.getReader();
  let total = 0, ended = false;
  try {
    while (true) {
      const { done, value } = await next(reader, limits.idleMs);
      if (done) {
        ended = true;
        break;
      }
      total += value.length;
      if (total > limits.most) throw tooMuch(limits);
      if (value.length > 0) yield value;
    }
  } finally {
    // Without waiting: a sender that says nothing does not hear this either.
    if (!ended) reader.cancel().catch(() => {});
  }
}

/** The whole body. See bodyChunks. */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(request, limits)) {
    chunks.push(chunk);
    size += chunk.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
