/** Which manifests are about another one, in places that keep no list of them (distribution-spec, Listing Referrers). @module */
import { type ContentOptions, type ImageSource, MissingContentError } from "./content.ts";
import { manifestFacts } from "./describe_manifest.ts";
import type { Descriptor } from "./descriptor.ts";
import { decodeIndex } from "./manifest.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "./media_types.ts";
import { readManifest } from "./read_content.ts";
import { refName } from "./select.ts";

/** Manifests that are looked at for one list of referrers, at most. */
const MAX_LOOKED_AT = 4096;

/** The tag that stands in for the referrers API: `sha256-HEX` (distribution-spec, Referrers Tag Schema). */
export function referrersTag(digest: string): string {
  const [algorithm = "", encoded = ""] = digest.split(":");
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replace(/[^A-Za-z0-9._-]/g, "-");
}

/** A manifest, or undefined if the source does not have it. */
async function present(
  source: ImageSource,
  descriptor: Descriptor,
  options: ContentOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await readManifest(source, descriptor, options);
  } catch (error) {
    if (error instanceof MissingContentError) return undefined;
    throw error;
  }
}

/** The referrer's descriptor as the referrers API has it, if a manifest is about `digest`. */
function asReferrer(bytes: Uint8Array, descriptor: Descriptor, digest: string): Descriptor | undefined {
  const { subject, artifactType, annotations } = manifestFacts(bytes, descriptor.digest);
  if (subject?.digest !== digest) return undefined;
  const { mediaType, size } = descriptor;
  return {
    mediaType,
    digest: descriptor.digest,
    size,
    annotations,
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

/** Manifests about `digest` among `entries` of an index.json, and those that an index under the fallback tag lists. */
export async function findReferrers(
  source: ImageSource,
  entries: readonly Descriptor[],
  digest: string,
  options: ContentOptions,
): Promise<Descriptor[]> {
  const found = new Map<string, Descriptor>();
  const tag = referrersTag(digest);
  let left = MAX_LOOKED_AT;
  for (const entry of entries) {
    if (![...MANIFEST_TYPES, ...INDEX_TYPES].includes(entry.mediaType)) continue;
    if (left-- === 0) break;
    const bytes = await present(source, entry, options);
    if (bytes === undefined) continue;
    const own = asReferrer(bytes, entry, digest);
    if (own !== undefined) found.set(own.digest, own);
    else if (refName(entry) === tag && INDEX_TYPES.includes(entry.mediaType)) {
      for (const listed of decodeIndex(bytes, `${source.name}: index ${entry.digest}`).manifests) {
        if (!found.has(listed.digest)) found.set(listed.digest, listed);
      }
    }
  }
  return [...found.values()];
}
