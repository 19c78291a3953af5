/** The trees of an image's layers, for squashing and exporting. @module */
import { LayerfsSuper, MemoryBlob } from "../../fs/layerfs/mod.ts";
import { hasher, parseDigest } from "../digest.ts";
import { decompress } from "../layer/compression.ts";
import { LayerIndexer } from "../layer/layer_indexer.ts";
import type { Image, ImageLayer } from "../source.ts";
import { VerifyError } from "../verify.ts";

/** Largest archive that is held in memory. */
const MAX_IN_MEMORY = 1 << 30;

/** Trees of an image's layers, the topmost first. Whoever asks for them shuts them down. */
export type TreeOpener = (image: Image) => Promise<readonly LayerfsSuper[]>;

async function treeOf(layer: ImageLayer, what: string): Promise<LayerfsSuper> {
  const digest = parseDigest(layer.diffId);
  if (digest === undefined) {
    throw new VerifyError(`${what}: malformed diff_id ${JSON.stringify(layer.diffId)}`);
  }
  const hash = hasher(digest.algorithm);
  const indexer = new LayerIndexer();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of decompress(layer.open())) {
    size += chunk.length;
    if (size > MAX_IN_MEMORY) throw new Error(`${what}: its archive is larger than ${MAX_IN_MEMORY} bytes`);
    hash.update(chunk);
    indexer.push(chunk);
    chunks.push(chunk);
  }
  const diffId = `${digest.algorithm}:${hash.digest("hex")}`;
  if (diffId !== layer.diffId) {
    throw new VerifyError(`${what}: its archive has digest ${diffId}, not the diff_id ${layer.diffId}`);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return new LayerfsSuper({ index: indexer.finish(), blob: new MemoryBlob(bytes) });
}

/** Holds the layers in memory. For large images there is openLayers of image/store, which keeps them in files. */
export async function treesInMemory(image: Image): Promise<LayerfsSuper[]> {
  const trees: LayerfsSuper[] = [];
  for (const layer of image.layers) {
    trees.unshift(await treeOf(layer, `${image.name}: layer ${layer.descriptor.digest}`));
  }
  return trees;
}
