/** Making and changing image indexes (image-index.md). @module */
import { decodeImageConfig, type ImageConfig, MAX_CONFIG } from "../config.ts";
import type { ContentOptions, ImageSource } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { manifestFacts } from "../describe_manifest.ts";
import { sha256 } from "../digest.ts";
import { decodeIndex, decodeManifest, MAX_MANIFEST } from "../manifest.ts";
import { CONFIG_TYPES, MANIFEST_TYPES, OCI_INDEX } from "../media_types.ts";
import { collect, contentName, readBlob, readManifest } from "../read_content.ts";
import { descriptorJson } from "../wasm/module_image.ts";
import { changedAnnotations } from "./annotate.ts";
import { arrayField, documentBytes, type JsonObject, readDocument } from "./document.ts";
import type { MapChange } from "./edit_config.ts";

/** An index that has been made. */
export interface MadeIndex {
  /** What refers to it. */
  readonly descriptor: Descriptor;
  /** It. */
  readonly bytes: Uint8Array;
}

/** What an index has besides its manifests. */
export interface IndexOptions {
  /** Changes to its annotations. */
  readonly annotations?: MapChange;
  /** Type of an artifact; null takes it away. */
  readonly artifactType?: string | null;
  /** The manifest that it is about. */
  readonly subject?: Descriptor;
}

/** Platform of a configuration, as an index has it. */
export function platformDocument(config: ImageConfig): JsonObject {
  return {
    architecture: config.architecture,
    os: config.os,
    ...(config.osVersion === undefined ? {} : { "os.version": config.osVersion }),
    ...(config.osFeatures === undefined ? {} : { "os.features": config.osFeatures }),
    ...(config.variant === undefined ? {} : { variant: config.variant }),
  };
}

/**
 * The entry of an index for a manifest or an index that `source` has: an image's platform is that of its configuration, an artifact has its
 * type, an index in an index has neither. `annotations`: those of the entry.
 */
export async function indexEntry(
  source: ImageSource,
  { mediaType, digest, size }: Descriptor,
  annotations: Readonly<Record<string, string>> = {},
  options: ContentOptions = {},
): Promise<JsonObject> {
  const entry = descriptorJson({ mediaType, digest, size, annotations });
  if (!MANIFEST_TYPES.includes(mediaType)) return entry;
  const descriptor = { mediaType, digest, size, annotations: {} };
  const what = `${source.name}: ${contentName(descriptor)}`;
  const bytes = await readManifest(source, descriptor, options);
  const { config } = decodeManifest(bytes, what);
  if (!CONFIG_TYPES.includes(config.mediaType)) {
    const { artifactType } = manifestFacts(bytes, what);
    return artifactType === undefined ? entry : { ...entry, artifactType };
  }
  const configName = `${source.name}: ${contentName(config)}`;
  const configBytes = await collect(readBlob(source, config, options), config, configName, MAX_CONFIG);
  const platform = platformDocument(decodeImageConfig(configBytes, configName));
  const { annotations: kept, ...rest } = entry;
  return { ...rest, platform, ...(kept === undefined ? {} : { annotations: kept }) };
}

function made(document: JsonObject): MadeIndex {
  const bytes = documentBytes(document);
  if (bytes.length > MAX_MANIFEST) {
    throw new Error(`index: ${bytes.length} bytes, more than the ${MAX_MANIFEST} that are read`);
  }
  decodeIndex(bytes, "index");
  const { mediaType } = document;
  return {
    descriptor: {
      mediaType: typeof mediaType === "string" ? mediaType : OCI_INDEX,
      digest: sha256(bytes),
      size: bytes.length,
      annotations: {},
    },
    bytes,
  };
}

function withOptions(document: JsonObject, options: IndexOptions): JsonObject {
  const { annotations, artifactType, subject } = options;
  let result: JsonObject = { ...document };
  if (artifactType !== undefined) {
    const { artifactType: _, manifests, ...rest } = result;
    result = artifactType === null ? { ...rest, manifests } : { ...rest, artifactType, manifests };
  }
  if (subject !== undefined) {
    const { mediaType, digest, size } = subject;
    result = { ...result, subject: { mediaType, digest, size } };
  }
  return annotations === undefined ? result : changedAnnotations(result, annotations);
}

/** A new index of these entries. */
export function createIndex(entries: readonly JsonObject[], options: IndexOptions = {}): MadeIndex {
  return made(withOptions({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }, options));
}

/** The index with more entries; one of the same digest is replaced. Everything else stays as it was written. */
export function addToIndex(
  bytes: Uint8Array,
  entries: readonly JsonObject[],
  options: IndexOptions = {},
): MadeIndex {
  const document = readDocument(bytes, "index");
  const digests = new Set(entries.map((entry) => entry.digest));
  const others = arrayField(document, "manifests").filter((each) =>
    !digests.has((each as JsonObject).digest)
  );
  return made(withOptions({ ...document, manifests: [...others, ...entries] }, options));
}

/** The index with other entries in place of its own. Everything else stays as it was written. */
export function withManifests(bytes: Uint8Array, entries: readonly JsonObject[]): MadeIndex {
  return made({ ...readDocument(bytes, "index"), manifests: entries });
}

/** The index without the entries that `isRemoved` names. Throws if it names none. */
export function removeFromIndex(
  bytes: Uint8Array,
  isRemoved: (entry: Descriptor) => boolean,
  options: IndexOptions = {},
): MadeIndex {
  const document = readDocument(bytes, "index");
  const { manifests } = decodeIndex(bytes, "index");
  const left = arrayField(document, "manifests").filter((_, i) => !isRemoved(manifests[i]!));
  if (left.length === manifests.length) throw new Error("index: it has no such entry");
  return made(withOptions({ ...document, manifests: left }, options));
}
