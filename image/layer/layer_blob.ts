/** Layers that have been made. @module */
import type { ImageLayer } from "../source.ts";
import { type CompressionChoice, LayerCompressor } from "./compressor.ts";
import { type LayerEntry, tarStream } from "./tar_stream.ts";

/** A layer that has been made, ready to become part of an image: what refers to it, its diff_id, its bytes as often as they are wanted. */
export type LayerBlob = ImageLayer;

/** Makes a layer in memory; for large ones there is writeLayer of image/store. */
export async function memoryLayer(
  entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>,
  choice: CompressionChoice = { compression: "gzip" },
): Promise<LayerBlob> {
  const layer = new LayerCompressor(tarStream(entries), choice);
  const chunks: Uint8Array[] = [];
  for await (const chunk of layer) chunks.push(chunk);
  return {
    descriptor: layer.descriptor,
    diffId: layer.diffId,
    open: async function* () {
      yield* chunks;
    },
  };
}
