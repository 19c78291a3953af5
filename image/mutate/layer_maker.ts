/** Where the layers that editing makes are kept until the image is written. @module */
import { type CompressionChoice, LayerCompressor } from "../layer/compressor.ts";
import type { ImageLayer } from "../source.ts";

/** Compresses an archive and keeps the result. Throws what the archive throws. */
export type LayerMaker = (
  archive: AsyncIterable<Uint8Array>,
  compression: CompressionChoice,
) => Promise<ImageLayer>;

/** Keeps layers in memory. For large ones there is writeArchive of image/store, which keeps them in files. */
export async function inMemory(
  archive: AsyncIterable<Uint8Array>,
  compression: CompressionChoice,
): Promise<ImageLayer> {
  const layer = new LayerCompressor(archive, compression);
  const chunks: Uint8Array[] = [];
  for await (const chunk of layer) chunks.push(chunk.slice());
  return {
    descriptor: layer.descriptor,
    diffId: layer.diffId,
    open: async function* () {
      yield* chunks;
    },
  };
}
