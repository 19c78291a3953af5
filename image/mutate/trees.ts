/** The trees of an image's layers, for squashing, exporting and walking. @module */
import { type LayerfsOptions, LayerfsSuper, MemoryBlob } from "../../fs/layerfs/mod.ts";
import { OverlaySuper } from "../../fs/overlay/mod.ts";
import type { ContentOptions } from "../content.ts";
import { hasher, parseDigest } from "../digest.ts";
import { decompress } from "../layer/compression.ts";
import { LayerIndexer } from "../layer/layer_indexer.ts";
import { mergedRoot } from "../layer/stack.ts";
import { type ListedFile, listFiles } from "../list_files.ts";
import type { Image, ImageLayer } from "../source.ts";
import { VerifyError } from "../verify.ts";

/** Largest archive that is held in memory. */
const MAX_IN_MEMORY = 1 << 30;

/** Trees of an image's layers, the topmost first. Whoever asks for them shuts them down. */
export type TreeOpener = (image: Image) => Promise<readonly LayerfsSuper[]>;

/** Reads a layer on top of those below once, and calls `each` for the chunks of its archive. Throws if the archive is not what the diff_id says. */
async function indexOf(
  layer: ImageLayer,
  what: string,
  below: readonly LayerfsSuper[],
  options: ContentOptions,
  each: (chunk: Uint8Array) => void,
): Promise<Omit<LayerfsOptions, "blob">> {
  const digest = parseDigest(layer.diffId);
  if (digest === undefined) {
    throw new VerifyError(`${what}: malformed diff_id ${JSON.stringify(layer.diffId)}`);
  }
  const hash = hasher(digest.algorithm);
  const indexer = new LayerIndexer(mergedRoot(below));
  for await (const chunk of decompress(layer.open(options))) {
    hash.update(chunk);
    indexer.push(chunk);
    each(chunk);
  }
  const diffId = `${digest.algorithm}:${hash.digest("hex")}`;
  if (diffId !== layer.diffId) {
    throw new VerifyError(`${what}: its archive has digest ${diffId}, not the diff_id ${layer.diffId}`);
  }
  return { index: indexer.finish(), aliases: indexer.aliases };
}

async function treeOf(
  layer: ImageLayer,
  what: string,
  below: readonly LayerfsSuper[],
  options: ContentOptions,
): Promise<LayerfsSuper> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const tree = await indexOf(layer, what, below, options, (chunk) => {
    size += chunk.length;
    if (size > MAX_IN_MEMORY) throw new Error(`${what}: its archive is larger than ${MAX_IN_MEMORY} bytes`);
    chunks.push(chunk);
  });
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return new LayerfsSuper({ ...tree, blob: new MemoryBlob(bytes) });
}

/** Holds the layers in memory. For large images there is openLayers of image/store, which keeps them in files. */
export async function treesInMemory(image: Image, options: ContentOptions = {}): Promise<LayerfsSuper[]> {
  const trees: LayerfsSuper[] = [];
  for (const layer of image.layers) {
    trees.unshift(await treeOf(layer, `${image.name}: layer ${layer.descriptor.digest}`, trees, options));
  }
  return trees;
}

/**
 * Trees of which only the indexes are kept: names, attributes and sizes are there, contents are not (EIO). The layers are read once and
 * checked, and nothing of them stays in memory or on a disk.
 */
export async function treesWithoutContent(
  image: Image,
  options: ContentOptions = {},
): Promise<LayerfsSuper[]> {
  const trees: LayerfsSuper[] = [];
  const blob = new MemoryBlob(new Uint8Array(0));
  for (const layer of image.layers) {
    const what = `${image.name}: layer ${layer.descriptor.digest}`;
    trees.unshift(new LayerfsSuper({ ...await indexOf(layer, what, trees, options, () => {}), blob }));
  }
  return trees;
}

/** Every file of an image as its containers first see it, in the order of the paths; see treesWithoutContent. */
export async function* walkFiles(image: Image, options: ContentOptions = {}): AsyncGenerator<ListedFile> {
  const lowers = (await treesWithoutContent(image, options)).map((tree) => tree.root);
  if (lowers.length > 0) yield* listFiles(new OverlaySuper({ lowers }).root);
}
