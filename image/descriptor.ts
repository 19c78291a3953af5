/** Descriptors (descriptor.md). @module */
import type { Cursor } from "../json/mod.ts";
import { parseDigest } from "./digest.ts";
import { normalizePlatform, type Platform } from "./platform.ts";

/** A reference to content. */
export interface Descriptor {
  /** What the content is. */
  readonly mediaType: string;
  /** Digest of the content. */
  readonly digest: string;
  /** Size in bytes. */
  readonly size: number;
  /** Annotations. */
  readonly annotations: Readonly<Record<string, string>>;
  /** What it is for, in an index. */
  readonly platform?: Platform;
  /** The content itself. */
  readonly data?: Uint8Array;
  /** Where else it is said to be. Never dialled. */
  readonly urls?: readonly string[];
  /** Type of an artifact. */
  readonly artifactType?: string;
}

/** Reads a descriptor. */
export function decodeDescriptor(cursor: Cursor): Descriptor {
  const digest = cursor.field("digest").string();
  if (parseDigest(digest) === undefined) {
    throw cursor.field("digest").error(`malformed digest ${JSON.stringify(digest)}`);
  }
  const size = cursor.field("size").integer(0);
  const platform = cursor.field("platform").optional(decodePlatform);
  const data = cursor.field("data").optional((value) => decodeBase64(value));
  if (data !== undefined && data.length !== size) {
    throw cursor.field("data").error(`${data.length} bytes, not the ${size} stated`);
  }
  const urls = cursor.field("urls").strings();
  const artifactType = cursor.field("artifactType").optional((value) => value.string());
  return {
    mediaType: cursor.field("mediaType").string(),
    digest,
    size,
    annotations: cursor.field("annotations").stringMap(),
    ...(platform === undefined ? {} : { platform }),
    ...(data === undefined ? {} : { data }),
    ...(urls.length === 0 ? {} : { urls }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

function decodePlatform(cursor: Cursor): Platform {
  const variant = cursor.field("variant").optional((value) => value.string());
  const os = cursor.field("os").string(), architecture = cursor.field("architecture").string();
  return normalizePlatform(variant ? { os, architecture, variant } : { os, architecture });
}

function decodeBase64(cursor: Cursor): Uint8Array {
  try {
    return Uint8Array.from(atob(cursor.string()), (c) => c.charCodeAt(0));
  } catch {
    throw cursor.error("not valid base64");
  }
}
