/** Manifests about other manifests (distribution-spec, Listing Referrers). @module */
import { OCI_INDEX } from "../../media_types.ts";
import type { Call, Context } from "./context.ts";
import { jsonResponse, RegistryError } from "./errors.ts";
import { decodeDocument } from "./manifest_document.ts";
import { requireDigest } from "./names.ts";
import type { ManifestEntry } from "./storage.ts";

/** A descriptor as the list has it. */
interface Referrer {
  readonly subject: string;
  readonly artifactType: string | undefined;
  /** The descriptor as JSON. */
  readonly json: string;
}

/** What is known of manifests: content does not change, so neither does this. */
const MAX_KNOWN = 20_000;
/** Larger descriptors are read again each time. */
const MAX_REMEMBERED = 16 * 1024;

/** See the module's comment. */
export class Referrers {
  readonly #context: Context;
  /** By media type and digest; null for a manifest without a subject. */
  readonly #known: Map<string, Referrer | null> = new Map();

  constructor(context: Context) {
    this.#context = context;
  }

  async #read(repository: string, entry: ManifestEntry): Promise<Referrer | null> {
    const key = `${entry.mediaType} ${entry.digest}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { storage, limits } = this.#context;
    const blob = await storage.blob(repository, entry.digest);
    if (blob === undefined || blob.size > limits.manifest) return null;
    const stream = await blob.open(0, blob.size);
    if (stream === undefined) return null;
    const found = describe(entry, new Uint8Array(await new Response(stream).arrayBuffer()));
    if ((found?.json.length ?? 0) <= MAX_REMEMBERED) {
      if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(key, found);
    }
    return found;
  }

  /** GET of a manifest's referrers. One that nothing refers to, or that is not there, has an empty list. */
  async list(call: Call, repository: string, subject: string): Promise<Response> {
    requireDigest(subject);
    const { storage, limits } = this.#context;
    const artifactType = call.query.get("artifactType"), last = call.query.get("last");
    const entries = [...(await storage.view(repository))?.manifests.values() ?? []]
      .filter((entry) => last === null || entry.digest > last)
      .sort((a, b) => a.digest < b.digest ? -1 : 1);
    const items: string[] = [];
    const headers: Record<string, string> = { "content-type": OCI_INDEX };
    if (artifactType !== null) headers["oci-filters-applied"] = "artifactType";
    let size = 0, previous = "";
    for (const entry of entries) {
      const found = await this.#read(repository, entry);
      if (found?.subject !== subject) continue;
      if (artifactType !== null && found.artifactType !== artifactType) continue;
      if (items.length > 0 && size + found.json.length > limits.referrersPage) {
        const next = new URLSearchParams({
          ...(artifactType === null ? {} : { artifactType }),
          last: previous,
        });
        headers["link"] = `</v2/${repository}/referrers/${subject}?${next}>; rel="next"`;
        break;
      }
      items.push(found.json);
      size += found.json.length;
      previous = entry.digest;
    }
    const manifests = items.map((json) => JSON.parse(json));
    return jsonResponse(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, headers);
  }
}

/** Null for a manifest that has no subject, or that could not have been pushed (a layout may have any). */
function describe({ mediaType, digest, size }: ManifestEntry, bytes: Uint8Array): Referrer | null {
  try {
    const { subject, artifactType, annotations } = decodeDocument(bytes, mediaType);
    if (subject === undefined) return null;
    const json = JSON.stringify({ mediaType, digest, size, artifactType, annotations });
    return { subject, artifactType, json };
  } catch (error) {
    if (error instanceof RegistryError) return null;
    throw error;
  }
}
