/** Checks content against its descriptor while it is read. @module */
import { hasher, isVerifiable, parseDigest } from "./digest.ts";

/** What content should be. */
export interface Expected {
  /** Digest. */
  readonly digest: string;
  /** Size in bytes. */
  readonly size: number;
}

/** Content is not what its descriptor says. */
export class VerifyError extends Error {}

/**
 * Passes `source` on. Throws a VerifyError, naming `what`, as soon as there are more bytes than stated, and at the end when there
 * are fewer or the digest differs: nothing that was read may be used before the end.
 */
export async function* verified(
  source: AsyncIterable<Uint8Array>,
  expected: Expected,
  what: string,
): AsyncGenerator<Uint8Array> {
  const digest = parseDigest(expected.digest);
  if (digest === undefined) {
    throw new VerifyError(`${what}: malformed digest ${JSON.stringify(expected.digest)}`);
  }
  if (!isVerifiable(digest)) {
    throw new VerifyError(`${what}: digest algorithm "${digest.algorithm}" is not supported`);
  }
  const hash = hasher(digest.algorithm);
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > expected.size) {
      throw new VerifyError(`${what}: it is longer than the ${expected.size} bytes its descriptor states`);
    }
    hash.update(chunk);
    yield chunk;
  }
  if (size < expected.size) {
    throw new VerifyError(
      `${what}: it is truncated: ${size} bytes of the ${expected.size} its descriptor states`,
    );
  }
  const actual = `${digest.algorithm}:${hash.digest("hex")}`;
  if (actual !== expected.digest) {
    throw new VerifyError(`${what}: its content has digest ${actual}, not ${expected.digest}`);
  }
}

/** Reads verified content into memory; refused when it is stated to be larger than `limit`. */
export async function readVerified(
  source: AsyncIterable<Uint8Array>,
  expected: Expected,
  what: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (expected.size > limit) {
    throw new VerifyError(`${what}: ${expected.size} bytes, more than the ${limit} that are read`);
  }
  const bytes = new Uint8Array(expected.size);
  let at = 0;
  for await (const chunk of verified(source, expected, what)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
