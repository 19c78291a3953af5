/** Manifests of a repository (distribution-spec, Pulling manifests, Pushing Manifests, Deleting Manifests). @module */
import { Cursor, JsonError, parseJson } from "../../json/mod.ts";
import type { Descriptor } from "../descriptor.ts";
import { hasher, isVerifiable, parseDigest } from "../digest.ts";
import { decodeIndex, decodeManifest, MAX_MANIFEST } from "../manifest.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "../media_types.ts";
import { VerifyError } from "../verify.ts";
import { scope } from "./auth/authorizer.ts";
import { plain } from "./http/errors.ts";
import type { HopResponse } from "./http/message.ts";
import { readBody } from "./http/read_body.ts";
import { pulling, type RepositoryContext } from "./repository_context.ts";

/** A manifest or an index as a registry has it. */
export interface FoundManifest {
  /** Its media type, digest and size. */
  readonly descriptor: Descriptor;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the registry calls this state of it, for conditional requests. */
  readonly etag?: string;
}

/** Docker's first schema, which has no digests of its layers' content. */
const SCHEMA1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** The media type of an answer; parameters do not count. */
function contentType(headers: Headers): string {
  return (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

/** Digest of bytes by the algorithm of another digest, which can be computed; sha256 without one. */
function digestLike(bytes: Uint8Array, digest: string | undefined): string {
  const algorithm = digest === undefined ? "sha256" : parseDigest(digest)!.algorithm;
  return `${algorithm}:${hasher(algorithm).update(bytes).digest("hex")}`;
}

function usable(digest: string | null): digest is string {
  const parsed = digest === null ? undefined : parseDigest(digest);
  return parsed !== undefined && isVerifiable(parsed);
}

/** What the document itself says it is; undefined if it does not. */
function ownType(bytes: Uint8Array, what: string): string | undefined {
  const document = new Cursor(parseJson(bytes, what), what);
  return document.field("mediaType").optional((value) => value.string());
}

/**
 * The media type of a manifest. Throws if what it is called, what it calls itself and what it contains are not one: who checks it and
 * who uses it could understand different things (CVE-2021-41190; distribution-spec, Pulling manifests).
 */
export function checkMediaType(bytes: Uint8Array, stated: string, what: string): string {
  if (SCHEMA1.test(stated)) {
    throw new VerifyError(`${what}: it is a Docker manifest of schema 1, which is obsolete`);
  }
  let own: string | undefined;
  try {
    own = ownType(bytes, what);
  } catch (error) {
    const known = stated === "" || INDEX_TYPES.includes(stated) || MANIFEST_TYPES.includes(stated);
    if (known || !(error instanceof JsonError)) throw error;
    return stated;
  }
  const type = stated === "" ? own : stated;
  if (type === undefined) throw new VerifyError(`${what}: neither the registry nor it says what it is`);
  if (own !== undefined && own !== type) {
    throw new VerifyError(`${what}: the registry calls it ${plain(type)}, it calls itself ${plain(own)}`);
  }
  if (INDEX_TYPES.includes(type)) decodeIndex(bytes, what);
  else if (MANIFEST_TYPES.includes(type)) decodeManifest(bytes, what);
  return type;
}

function accept(mediaType: string | undefined): string {
  const types = [...MANIFEST_TYPES, ...INDEX_TYPES];
  return (mediaType === undefined || types.includes(mediaType) ? types : [mediaType, ...types]).join(", ");
}

function path(name: string, reference: string, query: string): string {
  return `${name}/manifests/${reference}${query}`;
}

/** How a manifest is asked for. */
export interface ManifestOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** The media type that is expected. */
  readonly mediaType?: string;
}

/** Checks what has come against what was asked for, and against what the registry says it is. */
function checked(
  bytes: Uint8Array<ArrayBuffer>,
  response: HopResponse,
  reference: string,
  what: string,
): FoundManifest {
  const asked = parseDigest(reference) === undefined ? undefined : reference;
  const said = response.headers.get("docker-content-digest");
  const digest = digestLike(bytes, asked ?? (usable(said) ? said : undefined));
  if (asked !== undefined && digest !== asked) {
    throw new VerifyError(`${what}: its content has digest ${digest}, not ${asked}`);
  }
  if (usable(said) && digestLike(bytes, said) !== said) {
    throw new VerifyError(`${what}: the registry says its digest is ${said}, which it is not`);
  }
  const mediaType = checkMediaType(bytes, contentType(response.headers), what);
  const etag = response.headers.get("etag");
  return {
    descriptor: { mediaType, digest, size: bytes.length, annotations: {} },
    bytes,
    ...(etag === null ? {} : { etag }),
  };
}

/** Fetches a manifest by tag or digest. Throws a RegistryError, status 404, if there is none; a VerifyError if it is not what it should be. */
export async function getManifest(
  context: RepositoryContext,
  reference: string,
  options: ManifestOptions = {},
): Promise<FoundManifest> {
  const { signal } = options;
  const digest = parseDigest(reference);
  const what = `${context.text}: manifest ${reference}`;
  if (digest !== undefined && !isVerifiable(digest)) {
    throw new VerifyError(`${what}: digest algorithm "${digest.algorithm}" is not supported`);
  }
  return await pulling(context, signal, async ({ session, name, query }) => {
    const response = await session.request({
      method: "GET",
      to: path(name, reference, query),
      headers: { accept: accept(options.mediaType) },
      access: { repository: name, scopes: [scope(name, "pull")] },
      expect: [200],
      what: `manifest ${context.name} ${reference}`,
      small: true,
      signal,
    });
    return checked(await readBody(response, MAX_MANIFEST, what), response, reference, what);
  });
}

/** What the registry says about a manifest, without fetching it; undefined if there is none. It is fetched if the registry says too little. */
export async function headManifest(
  context: RepositoryContext,
  reference: string,
  options: ManifestOptions = {},
): Promise<Descriptor | undefined> {
  const { signal } = options;
  const headers = await pulling(context, signal, async ({ session, name, query }) => {
    const response = await session.request({
      method: "HEAD",
      to: path(name, reference, query),
      headers: { accept: accept(options.mediaType) },
      access: { repository: name, scopes: [scope(name, "pull")] },
      expect: [200, 404, 405],
      what: `manifest ${context.name} ${reference}`,
      small: true,
      signal,
    });
    await response.discard();
    // A mirror that does not have it is no answer.
    return response.status === 404 ? undefined : response.headers;
  }, (found) => found !== undefined);
  if (headers === undefined) return undefined;
  const digest = headers.get("docker-content-digest") ?? (parseDigest(reference) ? reference : null);
  const mediaType = contentType(headers), size = Number(headers.get("content-length") ?? NaN);
  const asked = parseDigest(reference) === undefined || digest === reference;
  if (
    usable(digest) && asked && mediaType !== "" && Number.isSafeInteger(size) && size > 0 &&
    size <= MAX_MANIFEST
  ) {
    return { mediaType, digest, size, annotations: {} };
  }
  return (await getManifest(context, reference, options)).descriptor;
}
