/** The endpoints of blobs and uploads. @module */
import type { Call, Context } from "./context.ts";
import { RegistryError } from "./errors.ts";
import { isRepositoryName, requireAlgorithm, requireDigest } from "./names.ts";
import { matchesTag, parseRange } from "./ranges.ts";
import { type Uploads, uploadStatus } from "./uploads.ts";

function unknown(repository: string, digest: string): RegistryError {
  return new RegistryError(404, "BLOB_UNKNOWN", `${repository} has no blob ${digest}`);
}

/** GET and HEAD of a blob. */
export async function getBlob(
  context: Context,
  call: Call,
  repository: string,
  text: string,
): Promise<Response> {
  const { request } = call;
  requireDigest(text);
  const blob = await context.storage.blob(repository, text);
  if (blob === undefined) throw unknown(repository, text);
  const { size } = blob;
  const etag = `"${text}"`;
  const headers: Record<string, string> = {
    "content-type": "application/octet-stream",
    "content-length": String(size),
    "docker-content-digest": text,
    "accept-ranges": "bytes",
    "etag": etag,
  };
  if (matchesTag(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: { etag } });
  }
  if (request.method === "HEAD") return new Response(null, { headers });
  const same = request.headers.get("if-range") ?? etag;
  const range = same === etag ? parseRange(request.headers.get("range"), size) : undefined;
  if (range === "unsatisfiable") {
    const message = `${text} has ${size} bytes`;
    throw new RegistryError(416, "SIZE_INVALID", message, { "content-range": `bytes */${size}` });
  }
  const { start, end } = range ?? { start: 0, end: size };
  const body = size === 0 ? null : await blob.open(start, end);
  if (body === undefined) throw unknown(repository, text);
  if (range === undefined) return new Response(body, { headers });
  headers["content-length"] = String(end - start);
  headers["content-range"] = `bytes ${start}-${end - 1}/${size}`;
  return new Response(body, { status: 206, headers });
}

/** DELETE of a blob. */
export async function deleteBlob(context: Context, repository: string, text: string): Promise<Response> {
  requireDigest(text);
  const { storage } = context;
  if ((await storage.view(repository))?.manifests.has(text) && await storage.blob(repository, text)) {
    const message = `${text} is a manifest: it is deleted by /manifests/`;
    throw new RegistryError(405, "UNSUPPORTED", message, { allow: "GET, HEAD" });
  }
  if (!await storage.deleteBlob(repository, text)) throw unknown(repository, text);
  return new Response(null, { status: 202, headers: { "content-length": "0" } });
}

function created(repository: string, digest: string): Response {
  return new Response(null, {
    status: 201,
    headers: {
      "location": `/v2/${repository}/blobs/${digest}`,
      "docker-content-digest": digest,
      "content-length": "0",
    },
  });
}

/** Tries to take a blob from another repository. */
async function mount(context: Context, call: Call, repository: string, digest: string): Promise<boolean> {
  const { storage, features } = context;
  requireDigest(digest);
  const from = call.query.get("from");
  if (features.mounts === "none" || (from === null && features.mounts === "named")) return false;
  const candidates = from === null ? await storage.repositories() : [from];
  for (const each of candidates) {
    // What the client cannot read it must not get by a mount either.
    if (!isRepositoryName(each) || !call.grant.may("pull", each)) continue;
    if (each === repository) {
      if (await storage.blob(repository, digest) !== undefined) return true;
    } else if (await storage.mount(repository, each, digest)) return true;
  }
  return false;
}

/** POST: begins an upload, or does without one. */
export async function postUpload(
  context: Context,
  uploads: Uploads,
  call: Call,
  repository: string,
): Promise<Response> {
  const { request, query } = call;
  const mounted = query.get("mount");
  if (mounted !== null && await mount(context, call, repository, mounted)) {
    return created(repository, mounted);
  }
  const stated = query.get("digest");
  const digest = stated === null ? undefined : requireDigest(stated);
  const asked = query.get("digest-algorithm");
  if (asked !== null) requireAlgorithm(asked);
  const algorithm = digest?.algorithm ?? asked ??
    (mounted === null ? "sha256" : requireDigest(mounted).algorithm);
  const session = await uploads.begin(repository, algorithm);
  if (digest !== undefined && context.features.singlePost) {
    try {
      await uploads.exclusive(session, async () => {
        await uploads.receive(session, request);
        await uploads.finish(session, digest);
      });
    } catch (error) {
      await uploads.cancel(session);
      throw error;
    }
    return created(repository, stated!);
  }
  const headers = uploadStatus(session);
  if (context.chunkMinLength > 0) headers["oci-chunk-min-length"] = String(context.chunkMinLength);
  return new Response(null, { status: 202, headers });
}

/** PATCH, PUT, GET and DELETE of an upload. */
export async function useUpload(
  uploads: Uploads,
  call: Call,
  repository: string,
  id: string,
): Promise<Response> {
  const { request, query } = call;
  const session = await uploads.find(repository, id);
  switch (request.method) {
    case "PATCH":
      await uploads.exclusive(session, () => uploads.receive(session, request));
      return new Response(null, { status: 202, headers: uploadStatus(session) });
    case "PUT": {
      const text = query.get("digest");
      const digest = requireDigest(text);
      await uploads.exclusive(session, async () => {
        await uploads.receive(session, request);
        await uploads.finish(session, digest);
      });
      return created(repository, text!);
    }
    case "DELETE":
      await uploads.cancel(session);
      return new Response(null, { status: 204 });
    default: {
      const { "content-length": _, ...headers } = uploadStatus(session);
      return new Response(null, { status: 204, headers });
    }
  }
}
