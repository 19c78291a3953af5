/** The layers of an image as read-only trees. @module */
import { type BlobSource, LayerfsSuper } from "../../fs/layerfs/mod.ts";
import type { ContentOptions } from "../content.ts";
import { stackLayer } from "../layer/stack.ts";
import type { Image } from "../source.ts";
import { isModuleLayer } from "../wasm/artifact.ts";
import { moduleTree } from "../wasm/module_tree.ts";
import type { LayerCache } from "./layer_cache.ts";

/** A blob whose end is told. */
function closing(blob: BlobSource, closed: () => void): BlobSource {
  return {
    size: blob.size,
    readAt: (buf, off, len, pos) => blob.readAt(buf, off, len, pos),
    close: () => {
      blob.close();
      closed();
    },
  };
}

/**
 * Opens every layer through the cache; the topmost first, as an overlay wants them. Whoever asks shuts them down; `closed` is called
 * when the last of them is, or when there is none.
 */
export async function openLayers(
  image: Image,
  cache: LayerCache,
  closed: () => void = () => {},
  options: ContentOptions = {},
): Promise<LayerfsSuper[]> {
  const opened: LayerfsSuper[] = [];
  let left = image.layers.length;
  const one = (): void => {
    if (--left === 0) closed();
  };
  try {
    for (const layer of image.layers) {
      const name = `${image.name}: layer ${layer.descriptor.digest}`;
      if (isModuleLayer(layer.descriptor.mediaType)) {
        const { index, blob } = await moduleTree(image.config, layer, name);
        opened.unshift(new LayerfsSuper({ index, blob: closing(blob, one) }));
        continue;
      }
      const { index, blob } = await cache.open({
        name,
        diffId: layer.diffId,
        open: () => layer.open(options),
      });
      try {
        opened.unshift(stackLayer(index, closing(blob, one), opened));
      } catch (error) {
        blob.close();
        throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
      }
    }
    if (left === 0) closed();
    return opened;
  } catch (error) {
    for (const sb of opened) sb.shutdown();
    throw error;
  }
}
