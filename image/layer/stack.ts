/** Layers on top of each other: what one means may depend on those below. @module */
import { errnoText } from "../../fs/abi/errno_text.ts";
import { type BlobSource, fits, LayerfsSuper, type LayerIndex } from "../../fs/layerfs/mod.ts";
import { type OverlayInode, OverlaySuper } from "../../fs/overlay/mod.ts";
import { LayerIndexer } from "./layer_indexer.ts";

const BUFFER = 64 * 1024;

/** The root of the merged tree of layers, the topmost first; null if there is none. */
export function mergedRoot(layers: readonly LayerfsSuper[]): OverlayInode | null {
  return layers.length === 0 ? null : new OverlaySuper({ lowers: layers.map((layer) => layer.root) }).root;
}

/** Indexes an archive again, with what lies below in sight. Contents are passed over. */
function reindexed(blob: BlobSource, beneath: OverlayInode | null): LayerIndexer {
  const indexer = new LayerIndexer(beneath);
  const buffer = new Uint8Array(BUFFER);
  for (let at = 0; at < blob.size;) {
    const n = blob.readAt(buffer, 0, buffer.length, at);
    if (n <= 0) throw new Error(`reading its archive at ${at}: ${n === 0 ? "it is cut off" : errnoText(-n)}`);
    indexer.push(buffer.subarray(0, n));
    at += n;
    at += indexer.passOver(blob.size - at);
  }
  return indexer;
}

/**
 * A layer as a tree on top of `below`, the topmost first. Its index, made when nobody knew what it would be put on, is right for nearly all
 * layers; a layer whose paths lead through links of lower ones, or whose hard links lead there, is indexed once more. Throws a
 * LayerEntryError if it cannot be applied: the entry is named, the layer is not.
 */
export function stackLayer(
  index: LayerIndex,
  blob: BlobSource,
  below: readonly LayerfsSuper[],
): LayerfsSuper {
  if (index.counts.needs === 0) return new LayerfsSuper({ index, blob });
  const beneath = mergedRoot(below);
  if (fits(index, beneath)) return new LayerfsSuper({ index, blob });
  const indexer = reindexed(blob, beneath);
  return new LayerfsSuper({ index: indexer.finish(), blob, aliases: indexer.aliases });
}
