/** The endpoints of manifests. @module */
import { hasher, parseDigest } from "../../digest.ts";
import type { Descriptor } from "../../descriptor.ts";
import { readBody } from "./body.ts";
import type { Call, Context } from "./context.ts";
import { RegistryError } from "./errors.ts";
import { decodeDocument, type ManifestDocument } from "./manifest_document.ts";
import { isTag, requireDigest } from "./names.ts";
import { matchesTag } from "./ranges.ts";
import type { ManifestEntry, RepositoryView } from "./storage.ts";

/** Blobs that are missing, as many as an answer names. */
const MAX_NAMED = 100;

function unknown(repository: string, reference: string): RegistryError {
  return new RegistryError(404, "MANIFEST_UNKNOWN", `${repository} has no manifest ${reference}`);
}

async function viewOf(context: Context, repository: string): Promise<RepositoryView> {
  const view = await context.storage.view(repository);
  if (view !== undefined) return view;
  throw new RegistryError(404, "NAME_UNKNOWN", `there is no repository ${repository}`);
}

/** The manifest that a tag or a digest means. */
function find(view: RepositoryView, repository: string, reference: string): ManifestEntry {
  const digest = parseDigest(reference) === undefined ? view.tags.get(reference) : reference;
  const entry = digest === undefined ? undefined : view.manifests.get(digest);
  if (entry === undefined) throw unknown(repository, reference);
  return entry;
}

/** GET and HEAD of a manifest. */
export async function getManifest(
  context: Context,
  call: Call,
  repository: string,
  reference: string,
): Promise<Response> {
  const { request } = call;
  const { digest, mediaType } = find(await viewOf(context, repository), repository, reference);
  const blob = await context.storage.blob(repository, digest);
  if (blob === undefined) throw unknown(repository, reference);
  const etag = `"${digest}"`;
  if (matchesTag(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: { etag, "docker-content-digest": digest } });
  }
  const body = request.method === "HEAD" || blob.size === 0 ? null : await blob.open(0, blob.size);
  if (body === undefined) throw unknown(repository, reference);
  return new Response(body, {
    headers: {
      "content-type": mediaType,
      "content-length": String(blob.size),
      "docker-content-digest": digest,
      "etag": etag,
    },
  });
}

/** The digest that a manifest is kept under, and the tags that shall mean it. */
function names(
  context: Context,
  call: Call,
  reference: string,
  bytes: Uint8Array,
): { digest: string; tags: string[]; parameters: string[] } {
  const digestOf = (algorithm: string): string =>
    `${algorithm}:${hasher(algorithm).update(bytes).digest("hex")}`;
  if (!reference.includes(":")) {
    if (!isTag(reference)) {
      const message = `${JSON.stringify(reference)} is neither a tag nor a digest`;
      throw new RegistryError(400, "MANIFEST_INVALID", message);
    }
    return { digest: digestOf("sha256"), tags: [reference], parameters: [] };
  }
  const found = digestOf(requireDigest(reference).algorithm);
  if (found !== reference) {
    throw new RegistryError(400, "DIGEST_INVALID", `the manifest's digest is ${found}, not ${reference}`);
  }
  const parameters = context.features.tagParameters ? [...new Set(call.query.getAll("tag"))] : [];
  if (parameters.length > context.limits.tags) {
    throw new RegistryError(414, "SIZE_INVALID", `more than ${context.limits.tags} tags in one request`);
  }
  for (const tag of parameters) {
    if (isTag(tag)) continue;
    throw new RegistryError(400, "MANIFEST_INVALID", `${JSON.stringify(tag)} cannot be a tag`);
  }
  return { digest: reference, tags: parameters, parameters };
}

/** Throws a RegistryError if something that the manifest refers to is not here, or not as large as it says. */
async function checkReferences(
  context: Context,
  repository: string,
  document: ManifestDocument,
): Promise<void> {
  const { storage, features } = context;
  const missing = new Set<string>();
  const view = document.manifests.length === 0 ? undefined : await storage.view(repository);
  const check = async (descriptor: Descriptor, isManifest: boolean): Promise<void> => {
    const { digest, size } = descriptor;
    if (missing.size >= MAX_NAMED || missing.has(digest)) return;
    const blob = await storage.blob(repository, digest);
    if (blob === undefined || (isManifest && !view?.manifests.has(digest))) {
      if (!isManifest || !features.sparseIndexes) missing.add(digest);
    } else if (blob.size !== size) {
      const message = `${digest} has ${blob.size} bytes, but its descriptor says ${size}`;
      throw new RegistryError(400, "MANIFEST_INVALID", message);
    }
  };
  for (const descriptor of document.blobs) await check(descriptor, false);
  for (const descriptor of document.manifests) await check(descriptor, true);
  if (missing.size === 0) return;
  const list = [...missing];
  throw new RegistryError(
    404,
    "MANIFEST_BLOB_UNKNOWN",
    `${repository} has not got ${list[0]}${list.length > 1 ? ` and ${list.length - 1} more` : ""}`,
    {},
    list.map((digest) => ({ digest })),
  );
}

/** PUT of a manifest. */
export async function putManifest(
  context: Context,
  call: Call,
  repository: string,
  reference: string,
): Promise<Response> {
  const { limits, storage, features } = context;
  const { request } = call;
  const bytes = await readBody(request, { most: limits.manifest, idleMs: limits.bodyIdleMs });
  const { digest, tags, parameters } = names(context, call, reference, bytes);
  const document = decodeDocument(bytes, request.headers.get("content-type"));
  await checkReferences(context, repository, document);
  const entry = { digest, mediaType: document.mediaType, size: bytes.length };
  await storage.putManifest(repository, entry, bytes, tags);
  const headers = new Headers({
    "location": `/v2/${repository}/manifests/${digest}`,
    "docker-content-digest": digest,
    "content-length": "0",
  });
  if (features.referrers && document.subject !== undefined) headers.set("oci-subject", document.subject);
  for (const tag of parameters) headers.append("oci-tag", tag);
  return new Response(null, { status: 201, headers });
}

/** DELETE of a manifest, or of a tag. */
export async function deleteManifest(
  context: Context,
  repository: string,
  reference: string,
): Promise<Response> {
  const { storage } = context;
  await viewOf(context, repository);
  const isDigest = reference.includes(":");
  if (isDigest) requireDigest(reference);
  const gone = isDigest
    ? await storage.deleteManifest(repository, reference)
    : await storage.deleteTag(repository, reference);
  if (!gone) throw unknown(repository, reference);
  return new Response(null, { status: 202, headers: { "content-length": "0" } });
}
