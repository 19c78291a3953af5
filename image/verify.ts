/** Checks content against its descriptor while it is read. @module */
import type { Hash } from "node:crypto";
import { type Digest, digestOf, hasher, isVerifiable, parseDigest } from "./digest.ts";

/** What content should be. */
export interface Expected {
  /** Digest. */
  readonly digest: string;
  /** Size in bytes. */
  readonly size: number;
}

/** Content is not what its descriptor says. */
export class VerifyError extends Error {}

/** The digest that content should have. Throws a VerifyError if it is of a kind that cannot be checked. */
function expectedDigest(expected: Expected, what: string): Digest {
  const digest = parseDigest(expected.digest);
  if (digest === undefined) {
    throw new VerifyError(`${what}: malformed digest ${JSON.stringify(expected.digest)}`);
  }
  if (!isVerifiable(digest)) {
    throw new VerifyError(`${what}: digest algorithm "${digest.algorithm}" is not supported`);
  }
  return digest;
}

function checkNotLonger(size: number, expected: Expected, what: string): void {
  if (size <= expected.size) return;
  throw new VerifyError(`${what}: it is longer than the ${expected.size} bytes its descriptor states`);
}

function checkNotShorter(size: number, expected: Expected, what: string): void {
  if (size >= expected.size) return;
  throw new VerifyError(
    `${what}: it is truncated: ${size} bytes of the ${expected.size} its descriptor states`,
  );
}

function checkDigest(actual: string, expected: Expected, what: string): void {
  if (actual === expected.digest) return;
  throw new VerifyError(`${what}: its content has digest ${actual}, not ${expected.digest}`);
}

/** A running check of content against its descriptor. */
export class ContentCheck {
  readonly #expected: Expected;
  readonly #what: string;
  readonly #algorithm: string;
  readonly #hash: Hash;
  #size = 0;

  /** Throws a VerifyError, naming `what`, if the digest is of a kind that cannot be checked. */
  constructor(expected: Expected, what: string) {
    this.#expected = expected;
    this.#what = what;
    this.#algorithm = expectedDigest(expected, what).algorithm;
    this.#hash = hasher(this.#algorithm);
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** The next bytes. Throws a VerifyError as soon as there are more than stated. */
  push(chunk: Uint8Array): void {
    this.#size += chunk.length;
    checkNotLonger(this.#size, this.#expected, this.#what);
    this.#hash.update(chunk);
  }

  /** No more bytes. Throws a VerifyError if there were too few, or the digest differs. */
  end(): void {
    checkNotShorter(this.#size, this.#expected, this.#what);
    checkDigest(`${this.#algorithm}:${this.#hash.digest("hex")}`, this.#expected, this.#what);
  }
}

/** Content up to this size is hashed in one piece, which needs no node:crypto (docs/RATIONALE.md). */
const SHORT = 1024 * 1024;

/** Passes short content on, as verified() does. */
async function* verifiedShort(
  source: AsyncIterable<Uint8Array>,
  expected: Expected,
  what: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { algorithm } = expectedDigest(expected, what);
  const bytes = new Uint8Array(expected.size);
  let at = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    checkNotLonger(at + chunk.length, expected, what);
    bytes.set(chunk, at);
    at += chunk.length;
    yield chunk;
  }
  checkNotShorter(at, expected, what);
  checkDigest(`${algorithm}:${await digestOf(algorithm, bytes)}`, expected, what);
}

/**
 * Passes `source` on. Throws a VerifyError, naming `what`, as soon as there are more bytes than stated, and at the end when there
 * are fewer or the digest differs: nothing that was read may be used before the end. Throws the signal's reason once it is aborted.
 */
export async function* verified(
  source: AsyncIterable<Uint8Array>,
  expected: Expected,
  what: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (expected.size <= SHORT) return yield* verifiedShort(source, expected, what, signal);
  const check = new ContentCheck(expected, what);
  for await (const chunk of source) {
    signal?.throwIfAborted();
    check.push(chunk);
    yield chunk;
  }
  check.end();
}

/** Reads verified content into memory; refused when it is stated to be larger than `limit`. */
export async function readVerified(
  source: AsyncIterable<Uint8Array>,
  expected: Expected,
  what: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (expected.size > limit) {
    throw new VerifyError(`${what}: ${expected.size} bytes, more than the ${limit} that are read`);
  }
  const { algorithm } = expectedDigest(expected, what);
  const bytes = new Uint8Array(expected.size);
  let at = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    checkNotLonger(at + chunk.length, expected, what);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  checkNotShorter(at, expected, what);
  checkDigest(`${algorithm}:${await digestOf(algorithm, bytes)}`, expected, what);
  return bytes;
}
