/** Content digests (descriptor.md#digests). @module */
import type { Hash } from "node:crypto";

/** A digest in its parts. */
export interface Digest {
  /** "sha256". */
  readonly algorithm: string;
  /** The hash, in the algorithm's encoding. */
  readonly encoded: string;
}

const GRAMMAR = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)$/;
/** Registered algorithms that can be verified, and the length of their hexadecimal form. */
const LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Splits a digest; undefined if it does not follow the grammar, or its algorithm's own rules. */
export function parseDigest(text: string): Digest | undefined {
  const match = GRAMMAR.exec(text);
  if (match === null) return undefined;
  const [, algorithm, encoded] = match as unknown as [string, string, string];
  const length = Object.hasOwn(LENGTHS, algorithm) ? LENGTHS[algorithm] : undefined;
  if (length !== undefined && (encoded.length !== length || !/^[a-f0-9]+$/.test(encoded))) return undefined;
  return { algorithm, encoded };
}

/** True if content can be checked against the digest. */
export function isVerifiable(digest: Digest): boolean {
  return Object.hasOwn(LENGTHS, digest.algorithm);
}

/** True for the digest of an algorithm that is known here. "app:latest" follows the grammar of digests as well. */
export function isKnownDigest(text: string): boolean {
  const digest = parseDigest(text);
  return digest !== undefined && isVerifiable(digest);
}

type CreateHash = (algorithm: string) => Hash;
let createHash: CreateHash | undefined;

/**
 * node:crypto is loaded when the first hash is made: it brings much of Node along, and half of all commands never hash (docs/RATIONALE.md).
 */
function loadCreateHash(): CreateHash {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): typeof import("node:crypto") };
  };
  return createHash = process.getBuiltinModule("node:crypto").createHash;
}

/** A running hash of a digest's algorithm. Throws for one that cannot be verified. */
export function hasher(algorithm: string): Hash {
  if (!Object.hasOwn(LENGTHS, algorithm)) {
    throw new Error(`digest algorithm ${JSON.stringify(algorithm)} is not supported`);
  }
  return (createHash ?? loadCreateHash())(algorithm);
}

/** The sha256 digest of bytes: "sha256:…". */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${hasher("sha256").update(bytes).digest("hex")}`;
}

/** The digest, in hexadecimal, of content that is all in memory. Throws for an algorithm that cannot be verified. */
export async function digestOf(algorithm: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (createHash !== undefined || !Object.hasOwn(LENGTHS, algorithm)) {
    return hasher(algorithm).update(bytes).digest("hex");
  }
  const hash = await crypto.subtle.digest(algorithm.replace("sha", "SHA-"), bytes);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
