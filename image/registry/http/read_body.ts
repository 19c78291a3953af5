/** Reads answers into memory, up to a limit. @module */
import { RegistryError } from "./errors.ts";
import type { HopResponse } from "./message.ts";

/** At most `limit` bytes of an answer; a longer one is cut there and `whole` is false. */
export async function readUpTo(
  response: HopResponse,
  limit: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0, whole = true;
  for await (const chunk of response.body) {
    const rest = limit - size;
    chunks.push(chunk.length > rest ? chunk.subarray(0, rest) : chunk);
    size += chunks.at(-1)!.length;
    whole = chunk.length <= rest;
    if (!whole) break;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, whole };
}

/** A whole answer. Throws a RegistryError, naming `what`, if it is longer than `limit`. */
export async function readBody(
  response: HopResponse,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const stated = Number(response.headers.get("content-length") ?? 0);
  if (stated > limit) {
    await response.discard();
    throw new RegistryError(
      `${what}: ${stated} bytes, more than the ${limit} that are read`,
      response.status,
    );
  }
  const { bytes, whole } = await readUpTo(response, limit);
  if (!whole) throw new RegistryError(`${what}: more than the ${limit} bytes that are read`, response.status);
  return bytes;
}
