/** Names in a registry's URLs (distribution-spec, Pulling manifests). @module */
import { type Digest, isVerifiable, parseDigest } from "../../digest.ts";
import { RegistryError } from "./errors.ts";

/** Longest repository name: clients count the registry's own name in and stop at 255. */
export const MAX_NAME = 255;
const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** True if a repository can be called so. */
export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_NAME && NAME.test(text);
}

/** True if a manifest can be called so. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** A digest that the registry can check. Throws a RegistryError for another. */
export function requireDigest(text: string | null): Digest {
  if (text === null) throw new RegistryError(400, "DIGEST_INVALID", "a digest is required");
  const digest = parseDigest(text);
  if (digest === undefined) {
    throw new RegistryError(400, "DIGEST_INVALID", `malformed digest ${JSON.stringify(text)}`);
  }
  requireAlgorithm(digest.algorithm);
  return digest;
}

/** Throws a RegistryError for an algorithm that the registry cannot check. */
export function requireAlgorithm(algorithm: string): void {
  if (!isVerifiable({ algorithm, encoded: "" })) {
    throw new RegistryError(
      400,
      "DIGEST_INVALID",
      `digest algorithm ${JSON.stringify(algorithm)} is not supported`,
    );
  }
}
