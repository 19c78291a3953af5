/** Manifests that are about another one (distribution-spec, Listing Referrers). @module */
import type { Descriptor } from "../descriptor.ts";
import { decodeIndex, MAX_MANIFEST } from "../manifest.ts";
import { scope } from "./auth/authorizer.ts";
import { nextLink } from "./http/link.ts";
import type { HopResponse } from "./http/message.ts";
import { readBody } from "./http/read_body.ts";
import { getReferrersTag } from "./referrers_tag.ts";
import type { RepositoryContext } from "./repository_context.ts";

/** Pages of one list, and entries, at most. */
const MAX_PAGES = 1000, MAX_REFERRERS = 100_000;

/** Which referrers are wanted. */
export interface ReferrersOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Only those of this type. */
  readonly artifactType?: string;
}

async function page(
  context: RepositoryContext,
  to: string | URL,
  signal: AbortSignal | undefined,
): Promise<HopResponse | undefined> {
  const { session, name } = context.origin;
  const response = await session.request({
    method: "GET",
    to,
    headers: { accept: "application/vnd.oci.image.index.v1+json" },
    access: { repository: name, scopes: [scope(name, "pull")] },
    // Registries that know nothing of it answer 404; some, that they cannot do this.
    expect: [200, 404, 405],
    what: `referrers ${name}`,
    small: true,
    signal,
  });
  if (response.status === 200) return response;
  await response.discard();
  return undefined;
}

/** True if the registry keeps lists of referrers by itself. */
export async function hasReferrersApi(
  context: RepositoryContext,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const response = await page(context, `${context.origin.name}/referrers/${digest}`, signal);
  await response?.discard();
  return response !== undefined;
}

/** The list by the tag schema. What is there but is no list counts as none (distribution-spec, Listing Referrers). */
async function byTag(
  context: RepositoryContext,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const found = await getReferrersTag(context, digest, signal).catch((error) => {
    signal?.throwIfAborted();
    if ("status" in error || "repeat" in error) throw error;
    return undefined;
  });
  return found === undefined ? [] : decodeIndex(found.bytes, `${context.text}: referrers`).manifests;
}

/** The manifests whose subject a digest is, each once. */
export async function listReferrers(
  context: RepositoryContext,
  digest: string,
  options: ReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const { signal, artifactType } = options;
  const { name } = context.origin;
  const what = `${context.text}: referrers of ${digest}`;
  const found = new Map<string, Descriptor>();
  const take = (each: Descriptor): void => {
    if (artifactType !== undefined && each.artifactType !== artifactType) return;
    if (!found.has(each.digest)) found.set(each.digest, each);
  };
  const filter = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  let next: string | URL | undefined = `${name}/referrers/${digest}${filter}`;
  const seen = new Set<string>();
  while (next !== undefined) {
    const response = await page(context, next, signal);
    if (response === undefined) {
      if (seen.size > 0) throw new Error(`${what}: a page of the list is missing`);
      (await byTag(context, digest, signal)).forEach(take);
      break;
    }
    seen.add(String(next));
    decodeIndex(await readBody(response, MAX_MANIFEST, what), what).manifests.forEach(take);
    next = nextLink(response.headers.get("link"), response.url);
    if (next === undefined) break;
    if (seen.size >= MAX_PAGES || found.size > MAX_REFERRERS) {
      throw new Error(`${what}: the list does not end`);
    }
    if (seen.has(String(next))) throw new Error(`${what}: the list goes round in circles`);
  }
  return [...found.values()];
}
