/** From an image of the store to mounted layers: decompressed and indexed once. @module */
import { openLayers } from "../../image/store/mount_layers.ts";
import { startConfig } from "../../image/wasm/artifact.ts";
import { runsAsWasm } from "../../image/wasm/detect.ts";
import type { LeasedImage, PrepareOptions } from "./leased_image.ts";
import type { PreparedImage } from "./root_filesystem.ts";

/** The image with its layers in the store. The lease is given back when they have been shut down. */
export async function mountLeased(
  { image, store }: LeasedImage,
  options: PrepareOptions,
): Promise<PreparedImage> {
  try {
    const { config, name } = image;
    const layers = await openLayers(image, store.layers, () => store.close(), options);
    // Of a native image, # in a command is a letter like any other.
    if (!runsAsWasm(image, [...config.config.Entrypoint, ...config.config.Cmd][0])) {
      return { name, config, layers };
    }
    const { start, ...own } = startConfig(config);
    return { name, ...own, layers, ...start === "_start" ? {} : { start } };
  } catch (error) {
    store.close();
    throw error;
  } finally {
    image.close();
  }
}
