/** Puts an image that has been opened, or made, into a sink. @module */
import type { ImageSink } from "./content.ts";
import { isForeignLayer } from "./media_types.ts";
import { inParallel } from "./parallel.ts";
import { streamOf } from "./read_content.ts";
import type { Image, ImageLayer } from "./source.ts";
import { PARALLEL_BLOBS, transferBlob, type TransferOptions } from "./transfer.ts";

/**
 * Puts layers (those that the sink has not), configuration and manifest into a sink, under `name` if it is given. The caller commits the
 * sink and closes it, so that several images can go into one.
 */
export async function writeImage(
  image: Image,
  sink: ImageSink,
  name?: string,
  options: TransferOptions = {},
): Promise<void> {
  const { signal, parallel = PARALLEL_BLOBS } = options;
  const layers = new Map<string, ImageLayer>();
  for (const layer of image.layers) {
    const { digest, mediaType } = layer.descriptor;
    // They are never uploaded (layer.md#non-distributable-layers).
    if (!sink.distributes || !isForeignLayer(mediaType)) layers.set(digest, layer);
  }
  await inParallel(layers.values(), parallel, (layer, signal) => {
    const reader = { open: (options: { signal?: AbortSignal }) => layer.open(options) };
    return transferBlob(layer.descriptor, reader, sink, { ...options, signal });
  }, signal);
  const config = { open: () => streamOf(image.configBytes) };
  await transferBlob(image.manifest.config, config, sink, options);
  await sink.putManifest(image.descriptor, image.manifestBytes, name, options);
}
