/** Lists of referrers in registries that keep none by themselves (distribution-spec, Referrers Tag Schema). @module */
import { Cursor, parseJson } from "../../json/mod.ts";
import type { Descriptor } from "../descriptor.ts";
import { sha256 } from "../digest.ts";
import { decodeIndex, decodeManifest, MAX_MANIFEST } from "../manifest.ts";
import { INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX } from "../media_types.ts";
import { referrersTag } from "../referrers.ts";
import { descriptorJson } from "../wasm/module_image.ts";
import { scope } from "./auth/authorizer.ts";
import { isNotFound, RegistryError } from "./http/errors.ts";
import { type FoundManifest, getManifest } from "./manifests.ts";
import type { RepositoryContext } from "./repository_context.ts";

/** Tries against other clients that change the list at the same time. */
const MAX_TRIES = 5;

/** What a manifest is about, and how a list of referrers describes it; undefined if it is about nothing. */
export function referrerOf(
  descriptor: Descriptor,
  bytes: Uint8Array,
  what: string,
): { subject: string; entry: Descriptor } | undefined {
  const { mediaType, digest, size } = descriptor;
  const isManifest = MANIFEST_TYPES.includes(mediaType);
  if (!isManifest && !INDEX_TYPES.includes(mediaType)) return undefined;
  const document = isManifest ? decodeManifest(bytes, what) : decodeIndex(bytes, what);
  if (document.subject === undefined) return undefined;
  const artifactType = document.artifactType ||
    ("config" in document ? document.config.mediaType : undefined);
  const entry = { mediaType, digest, size, annotations: document.annotations };
  return { subject: document.subject.digest, entry: artifactType ? { ...entry, artifactType } : entry };
}

/** The list as the registry itself has it, mirrors aside; undefined if there is none. Throws if the tag means something else. */
export async function getReferrersTag(
  context: RepositoryContext,
  subject: string,
  signal: AbortSignal | undefined,
): Promise<FoundManifest | undefined> {
  const tag = referrersTag(subject);
  let found: FoundManifest;
  try {
    found = await getManifest({ ...context, mirrors: [] }, tag, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  if (found.descriptor.mediaType === OCI_INDEX) return found;
  throw new Error(
    `${context.text}: tag ${tag}: expected a list of referrers, found ${found.descriptor.mediaType}`,
  );
}

/** What the list becomes; undefined if it stays as it is. */
type Change = (entries: readonly Cursor[]) => unknown[] | undefined;

async function update(
  context: RepositoryContext,
  subject: string,
  change: Change,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { session, name } = context.origin;
  const tag = referrersTag(subject), what = `${context.text}: list of referrers ${tag}`;
  for (let n = 0; n < MAX_TRIES; n++) {
    const found = await getReferrersTag(context, subject, signal);
    const document = found === undefined ? {} : new Cursor(parseJson(found.bytes, what), what).object();
    const manifests = change(new Cursor(document, what).field("manifests").list((item) => item));
    if (manifests === undefined) return;
    // Fields that somebody else has put there stay.
    const list = { ...document, schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    const bytes = new TextEncoder().encode(JSON.stringify(list));
    if (bytes.length > MAX_MANIFEST) {
      throw new Error(`${what}: it would be longer than ${MAX_MANIFEST} bytes`);
    }
    const response = await session.request({
      method: "PUT",
      to: `${name}/manifests/${tag}`,
      headers: {
        "content-type": OCI_INDEX,
        ...(found?.etag === undefined ? {} : { "if-match": found.etag }),
      },
      body: bytes,
      access: { repository: name, scopes: [scope(name, "pull,push")] },
      expect: [200, 201, 202, 412],
      what: `list of referrers ${name} ${tag}`,
      small: true,
      signal,
    });
    await response.discard();
    if (response.status === 412) continue;
    const said = response.headers.get("docker-content-digest");
    if (said !== null && said.startsWith("sha256:") && said !== sha256(bytes)) {
      throw new RegistryError(`${what}: the registry has stored something else`, response.status);
    }
    return;
  }
  throw new RegistryError(`${what}: it changes all the time`, 412);
}

/** Adds a referrer to the list of its subject (distribution-spec, Pushing Manifests with Subject). */
export async function addReferrer(
  context: RepositoryContext,
  subject: string,
  entry: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  await update(context, subject, (entries) => {
    if (entries.some((each) => each.field("digest").string() === entry.digest)) return undefined;
    return [...entries.map((each) => each.value), descriptorJson(entry)];
  }, signal);
}

/** Takes a deleted referrer out of the list (distribution-spec, Deleting Manifests). */
export async function removeReferrer(
  context: RepositoryContext,
  subject: string,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await update(context, subject, (entries) => {
    const rest = entries.filter((each) => each.field("digest").string() !== digest);
    return rest.length === entries.length ? undefined : rest.map((each) => each.value);
  }, signal);
}
