/** Image manifests and indexes (manifest.md, image-index.md). @module */
import { Cursor, parseJson } from "../json/mod.ts";
import { decodeDescriptor, type Descriptor } from "./descriptor.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "./media_types.ts";

/** Largest manifest or index that is read. */
export const MAX_MANIFEST = 4 * 1024 * 1024;

/** An image manifest. */
export interface Manifest {
  /** Its own media type, if it says. */
  readonly mediaType?: string;
  /** Type of an artifact. */
  readonly artifactType?: string;
  /** The configuration. */
  readonly config: Descriptor;
  /** Layers, the lowest first. */
  readonly layers: readonly Descriptor[];
  /** The manifest that this one is about. */
  readonly subject?: Descriptor;
  /** Annotations. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** An image index. */
export interface Index {
  /** Its own media type, if it says. */
  readonly mediaType?: string;
  /** Type of an artifact. */
  readonly artifactType?: string;
  /** The manifest that this one is about. */
  readonly subject?: Descriptor;
  /** Manifests, or further indexes. */
  readonly manifests: readonly Descriptor[];
  /** Annotations. */
  readonly annotations: Readonly<Record<string, string>>;
}

function root(bytes: Uint8Array, what: string, types: readonly string[]): Cursor {
  const cursor = new Cursor(parseJson(bytes, what), what);
  const version = cursor.field("schemaVersion").integer();
  if (version !== 2) throw cursor.field("schemaVersion").error(`version ${version} is not supported, only 2`);
  const mediaType = cursor.field("mediaType").optional((value) => value.string());
  // A document read as one type that calls itself another is an attack on whoever checks it (CVE-2021-41190).
  if (mediaType !== undefined && !types.includes(mediaType)) {
    throw cursor.field("mediaType").error(`expected ${types.join(" or ")}, found ${mediaType}`);
  }
  return cursor;
}

/** What manifests and indexes have in common, if they have it. */
function common(cursor: Cursor): Pick<Manifest, "mediaType" | "artifactType" | "subject"> {
  const mediaType = cursor.field("mediaType").optional((value) => value.string());
  const artifactType = cursor.field("artifactType").optional((value) => value.string());
  const subject = cursor.field("subject").optional(decodeDescriptor);
  return {
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** Reads a manifest. */
export function decodeManifest(bytes: Uint8Array, what: string): Manifest {
  const cursor = root(bytes, what, MANIFEST_TYPES);
  if (cursor.field("manifests").exists) throw cursor.field("manifests").error("a manifest has none");
  return {
    ...common(cursor),
    config: decodeDescriptor(cursor.field("config")),
    layers: cursor.field("layers").list(decodeDescriptor),
    annotations: cursor.field("annotations").stringMap(),
  };
}

/** Reads an index. */
export function decodeIndex(bytes: Uint8Array, what: string): Index {
  const cursor = root(bytes, what, INDEX_TYPES);
  for (const name of ["config", "layers"]) {
    if (cursor.field(name).exists) throw cursor.field(name).error("an index has none");
  }
  return {
    ...common(cursor),
    manifests: cursor.field("manifests").items().map(decodeDescriptor),
    annotations: cursor.field("annotations").stringMap(),
  };
}
