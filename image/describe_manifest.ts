/** From a manifest's bytes to what refers to it. @module */
import { Cursor, parseJson } from "../json/mod.ts";
import { decodeDescriptor, type Descriptor } from "./descriptor.ts";
import { sha256 } from "./digest.ts";
import { INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST } from "./media_types.ts";

/** What a manifest or an index says about itself. */
export interface ManifestFacts {
  /** Its media type; where it does not say, that of OCI which its fields fit. */
  readonly mediaType: string;
  /** What it refers to as its parts: manifests of an index; configuration and layers of a manifest. */
  readonly parts: readonly Descriptor[];
  /** The manifest it is about. */
  readonly subject?: Descriptor;
  /** Its artifactType, or the configuration's media type (distribution-spec, Listing Referrers). */
  readonly artifactType?: string;
  /** Its annotations. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Reads what is common to all kinds of manifests, unknown ones included. Throws a JsonError if it is not a JSON object. */
export function manifestFacts(bytes: Uint8Array, what: string): ManifestFacts {
  const cursor = new Cursor(parseJson(bytes, what), what);
  const stated = cursor.field("mediaType").optional((value) => value.string());
  const isIndex = cursor.field("manifests").exists;
  // What is read as an index by one reader and as a manifest by another is an attack (CVE-2021-41190).
  const wrong = isIndex ? MANIFEST_TYPES : INDEX_TYPES;
  if (isIndex && (cursor.field("config").exists || cursor.field("layers").exists)) {
    throw cursor.field("manifests").error("an index and a manifest at the same time");
  }
  if (stated !== undefined && wrong.includes(stated)) {
    throw cursor.field("mediaType").error(`${stated}, which its fields contradict`);
  }
  const config = cursor.field("config").optional(decodeDescriptor);
  const subject = cursor.field("subject").optional(decodeDescriptor);
  const artifactType = cursor.field("artifactType").optional((value) => value.string()) || config?.mediaType;
  return {
    mediaType: stated ?? (isIndex ? OCI_INDEX : OCI_MANIFEST),
    parts: [
      ...config === undefined ? [] : [config],
      ...["layers", "manifests", "blobs"].flatMap((name) => cursor.field(name).list(decodeDescriptor)),
    ],
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === undefined ? {} : { artifactType }),
    annotations: cursor.field("annotations").stringMap(),
  };
}

/** The descriptor of a manifest whose bytes are known. */
export function describeManifest(bytes: Uint8Array, what: string): Descriptor {
  const { mediaType } = manifestFacts(bytes, what);
  return { mediaType, digest: sha256(bytes), size: bytes.length, annotations: {} };
}
