/** The layers of an image as read-only trees. @module */
import { LayerfsSuper } from "../../fs/layerfs/mod.ts";
import type { Image } from "../source.ts";
import type { LayerCache } from "./layer_cache.ts";

/** Opens every layer through the cache; the topmost first, as an overlay wants them. Whoever asks shuts them down. */
export async function openLayers(image: Image, cache: LayerCache): Promise<LayerfsSuper[]> {
  const opened: LayerfsSuper[] = [];
  try {
    for (const layer of image.layers) {
      const name = `${image.name}: layer ${layer.descriptor.digest}`;
      const { index, blob } = await cache.open({ name, diffId: layer.diffId, open: () => layer.open() });
      opened.unshift(new LayerfsSuper({ index, blob }));
    }
    return opened;
  } catch (error) {
    for (const sb of opened) sb.shutdown();
    throw error;
  }
}
