/** Puts manifests into a repository, and deletes them (distribution-spec, Pushing Manifests, Content Management). @module */
import { JsonError } from "../../json/mod.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseDigest } from "../digest.ts";
import { MAX_MANIFEST } from "../manifest.ts";
import { readVerified, VerifyError } from "../verify.ts";
import { scope } from "./auth/authorizer.ts";
import { plain, RegistryError } from "./http/errors.ts";
import type { HopResponse } from "./http/message.ts";
import { checkMediaType, getManifest } from "./manifests.ts";
import { isTag } from "./reference.ts";
import { hasReferrersApi } from "./referrers.ts";
import { addReferrer, referrerOf, removeReferrer } from "./referrers_tag.ts";
import type { RepositoryContext } from "./repository_context.ts";

/** Tags in one request: registries SHOULD support at least ten. */
const TAGS_AT_ONCE = 10;

async function put(
  context: RepositoryContext,
  descriptor: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
  reference: string,
  signal: AbortSignal | undefined,
): Promise<Headers> {
  const { session, name } = context.origin;
  const response: HopResponse = await session.request({
    method: "PUT",
    to: `${name}/manifests/${reference}`,
    headers: { "content-type": descriptor.mediaType },
    body: bytes,
    access: { repository: name, scopes: [scope(name, "pull,push")] },
    expect: [200, 201, 202],
    what: `manifest ${name} ${reference.split("?")[0]}`,
    small: true,
    signal,
  });
  await response.discard();
  const said = response.headers.get("docker-content-digest");
  const { digest } = descriptor;
  if (said !== null && said.split(":")[0] === digest.split(":")[0] && said !== digest) {
    throw new RegistryError(
      `${context.text}: manifest ${digest}: the registry has stored ${plain(said)}`,
      response.status,
    );
  }
  return response.headers;
}

/** Gives a manifest several tags, by as few requests as the registry allows. The headers of the last answer. */
async function putTags(
  context: RepositoryContext,
  descriptor: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
  tags: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Headers> {
  const { digest } = descriptor;
  const first = tags.slice(0, TAGS_AT_ONCE);
  const headers = await put(
    context,
    descriptor,
    bytes,
    `${digest}?${first.map((tag) => `tag=${tag}`).join("&")}`,
    signal,
  );
  const done = new Set((headers.get("oci-tag") ?? "").split(",").map((tag) => tag.trim()));
  for (const tag of tags) {
    if (!done.has(tag)) await put(context, descriptor, bytes, tag, signal);
  }
  return headers;
}

/** Puts a manifest or an index under tags, or under its digest alone; keeps the list of its subject's referrers, if the registry does not. */
export async function putManifest(
  context: RepositoryContext,
  descriptor: Descriptor,
  bytes: Uint8Array,
  tags: readonly string[] = [],
  signal?: AbortSignal,
): Promise<void> {
  const what = `${context.text}: manifest ${descriptor.digest}`;
  for (const tag of tags) if (!isTag(tag)) throw new Error(`${what}: ${JSON.stringify(tag)} is not a tag`);
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes);
  }
  const own = await readVerified(whole(), descriptor, what, MAX_MANIFEST);
  checkMediaType(own, descriptor.mediaType, what);
  const byTag = tags.length === 1 && parseDigest(descriptor.digest)?.algorithm === "sha256";
  const headers = tags.length === 0 || byTag
    ? await put(context, descriptor, own, tags[0] ?? descriptor.digest, signal)
    : await putTags(context, descriptor, own, tags, signal);
  const referrer = referrerOf(descriptor, own, what);
  if (referrer === undefined || headers.get("oci-subject") === referrer.subject) return;
  await addReferrer(context, referrer.subject, referrer.entry, signal);
}

/** The subject of a manifest that is about to be deleted. One that cannot be read has none. */
async function subjectOf(
  context: RepositoryContext,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const { descriptor, bytes } = await getManifest({ ...context, mirrors: [] }, digest, { signal });
    return referrerOf(descriptor, bytes, digest)?.subject;
  } catch (error) {
    if (error instanceof VerifyError || error instanceof JsonError) return undefined;
    throw error;
  }
}

/**
 * Deletes a tag, or a manifest by its digest; that one leaves the list of its subject's referrers, too. Throws a RegistryError: status
 * 404 if there is none, 400 or 405 if the registry does not do that.
 */
export async function deleteManifest(
  context: RepositoryContext,
  reference: string,
  signal?: AbortSignal,
): Promise<void> {
  const { session, name } = context.origin;
  const isDigest = parseDigest(reference) !== undefined;
  const subject = isDigest ? await subjectOf(context, reference, signal) : undefined;
  const response = await session.request({
    method: "DELETE",
    to: `${name}/manifests/${reference}`,
    access: { repository: name, scopes: [scope(name, "pull,push,delete")] },
    expect: [200, 202, 204],
    what: `deleting ${name} ${reference}`,
    small: true,
    signal,
  });
  await response.discard();
  if (subject === undefined || await hasReferrersApi(context, subject, signal)) return;
  await removeReferrer(context, subject, reference, signal);
}
