/** Appending layers. @module */
import { compressionOf, decompress } from "../layer/compression.ts";
import { LayerIndexer } from "../layer/layer_indexer.ts";
import type { Image, ImageLayer } from "../source.ts";
import { configDocument, edited } from "./edited.ts";
import { completeHistory, type HistoryStep, stepDocument } from "./history.ts";
import { formatOf, layerType } from "./layer_types.ts";

/** A layer whose type is of the image's own family. */
export function inFormatOf(image: Image, layer: ImageLayer): ImageLayer {
  const compression = compressionOf(layer.descriptor.mediaType);
  if (compression === undefined) return layer;
  const mediaType = layerType(compression, formatOf(image));
  return mediaType === layer.descriptor.mediaType
    ? layer
    : { ...layer, descriptor: { ...layer.descriptor, mediaType }, open: (options) => layer.open(options) };
}

/** The image with a layer on top, and a step for it in its history. The layers below stay as they are, byte for byte. */
export function appendLayer(image: Image, layer: ImageLayer, step: HistoryStep = {}): Image {
  const document = configDocument(image);
  const config = {
    ...document,
    history: [...completeHistory(document, image.layers.length), stepDocument(document, step, false)],
    ...(step.created === undefined ? {} : { created: step.created }),
  };
  return edited(image, { config, layers: [...image.layers, inFormatOf(image, layer)] });
}

/**
 * The archive of a layer that a user gives, perhaps compressed, checked on the way: it is read whole, and everything in it must be what a
 * layer may contain (layer.md). Errors begin with `what`.
 */
export async function* checkedArchive(
  source: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const indexer = new LayerIndexer();
  try {
    for await (const chunk of decompress(source)) {
      indexer.push(chunk);
      yield chunk;
    }
    indexer.finish();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}
