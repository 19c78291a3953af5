/** What a registry has to know of a manifest that is pushed. @module */
import { Cursor, JsonError, parseJson } from "../../../json/mod.ts";
import { decodeDescriptor, type Descriptor } from "../../descriptor.ts";
import { decodeIndex, decodeManifest } from "../../manifest.ts";
import { INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST } from "../../media_types.ts";
import { RegistryError } from "./errors.ts";

/** See the module's comment. */
export interface ManifestDocument {
  /** What it is. */
  readonly mediaType: string;
  /** Blobs that it needs. */
  readonly blobs: readonly Descriptor[];
  /** Manifests that it needs. */
  readonly manifests: readonly Descriptor[];
  /** Digest of the manifest that it is about. */
  readonly subject?: string;
  /** What the referrers API says of it: its artifactType, or an image manifest's config type. */
  readonly artifactType?: string;
  /** Its annotations. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a manifest can be: nothing that a browser would show as a page. */
const TYPE = /^application\/[a-z0-9][a-z0-9!#$&^_.+-]*$/i;
/** Types that say nothing, or what every manifest is. */
const GENERIC: readonly string[] = [
  "application/json",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
  "text/plain",
];
/** Docker's first schema: its digest does not cover all of its bytes. */
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

function inferred(cursor: Cursor): string {
  if (cursor.field("manifests").exists) return OCI_INDEX;
  if (cursor.field("config").exists) return OCI_MANIFEST;
  throw cursor.error("neither its content-type nor a mediaType field says what it is");
}

/** The type of a manifest, from the header and from itself, which must agree. */
function typeOf(cursor: Cursor, header: string | null): string {
  const stated = (header ?? "").split(";", 1)[0]!.trim();
  const own = cursor.field("mediaType").optional((value) => value.string());
  if (stated === "" || (GENERIC.includes(stated.toLowerCase()) && own !== stated)) {
    return own ?? inferred(cursor);
  }
  if (!TYPE.test(stated)) throw cursor.error(`content-type ${JSON.stringify(stated)} is not a manifest's`);
  if (own !== undefined && own !== stated) {
    throw cursor.field("mediaType").error(`${JSON.stringify(own)}, but its content-type is ${stated}`);
  }
  return stated;
}

function needed(descriptor: Cursor): Descriptor[] {
  // What can be had from elsewhere need not be here (descriptor.md#properties, urls).
  return descriptor.field("urls").strings().length > 0 ? [] : [decodeDescriptor(descriptor)];
}

function decode(bytes: Uint8Array, header: string | null): ManifestDocument {
  const what = "manifest";
  const cursor = new Cursor(parseJson(bytes, what), what);
  const mediaType = typeOf(cursor, header);
  if (SCHEMA_1.test(mediaType)) throw cursor.error(`${mediaType} is not supported`);
  const empty = { mediaType, blobs: [], manifests: [], annotations: {} };
  const isIndex = INDEX_TYPES.includes(mediaType), isManifest = MANIFEST_TYPES.includes(mediaType);
  if (!isIndex && !isManifest) return empty;
  // Both refuse a document that could be read as the other (CVE-2021-41190).
  const { annotations } = isIndex ? decodeIndex(bytes, what) : decodeManifest(bytes, what);
  const subject = cursor.field("subject").optional(decodeDescriptor)?.digest;
  const stated = cursor.field("artifactType").optional((value) => value.string()) ?? "";
  const artifactType = stated !== "" || isIndex ? stated : cursor.field("config").field("mediaType").string();
  return {
    mediaType,
    blobs: isIndex
      ? []
      : [cursor.field("config"), ...cursor.field("layers").list((item) => item)].flatMap(needed),
    manifests: isIndex ? cursor.field("manifests").items().flatMap(needed) : [],
    annotations,
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === "" ? {} : { artifactType }),
  };
}

/** Reads a manifest; `contentType` is the header that it came with. Throws a RegistryError if it is not what it should be. */
export function decodeDocument(bytes: Uint8Array, contentType: string | null): ManifestDocument {
  try {
    return decode(bytes, contentType);
  } catch (error) {
    if (error instanceof JsonError) throw new RegistryError(400, "MANIFEST_INVALID", error.message);
    throw error;
  }
}
