/** Reading what descriptors refer to, from any source: content that a descriptor carries itself is taken from there. @module */
import type { ContentOptions, ImageSource } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import { compressionOf } from "./layer/compression.ts";
import { MAX_MANIFEST } from "./manifest.ts";
import { CONFIG_TYPES, INDEX_TYPES, MANIFEST_TYPES } from "./media_types.ts";
import { verified, VerifyError } from "./verify.ts";

/** What a message calls content: "layer sha256:…". */
export function contentName({ mediaType, digest }: Descriptor): string {
  if (MANIFEST_TYPES.includes(mediaType)) return `manifest ${digest}`;
  if (INDEX_TYPES.includes(mediaType)) return `index ${digest}`;
  if (CONFIG_TYPES.includes(mediaType)) return `config ${digest}`;
  return `${compressionOf(mediaType) === undefined ? "blob" : "layer"} ${digest}`;
}

/** Bytes that are there already, as a stream. */
export async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Collects what `stream` gives. Throws a VerifyError if `descriptor` states more than `limit` bytes. The stream checks itself. */
export async function collect(
  stream: AsyncIterable<Uint8Array>,
  descriptor: Descriptor,
  what: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (descriptor.size > limit) {
    throw new VerifyError(`${what}: ${descriptor.size} bytes, more than the ${limit} that are read`);
  }
  const bytes = new Uint8Array(descriptor.size);
  let at = 0;
  for await (const chunk of stream) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Bytes of a manifest or an index. */
export function readManifest(
  source: ImageSource,
  descriptor: Descriptor,
  options: ContentOptions = {},
): Promise<Uint8Array> {
  const { data } = descriptor;
  if (data === undefined) return source.manifest(descriptor, options);
  const what = `${source.name}: ${contentName(descriptor)}`;
  return collect(verified(streamOf(data), descriptor, what), descriptor, what, MAX_MANIFEST);
}

/** Bytes of a blob, checked while they are read: nothing may be used before the end. */
export function readBlob(
  source: ImageSource,
  descriptor: Descriptor,
  options: ContentOptions = {},
): AsyncIterable<Uint8Array> {
  const { data } = descriptor;
  if (data === undefined) return source.blob(descriptor, options);
  return verified(streamOf(data), descriptor, `${source.name}: ${contentName(descriptor)}`);
}
