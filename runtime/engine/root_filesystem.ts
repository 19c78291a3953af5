/** The root filesystem of a container: read-only layers under a fresh writable tree. @module */
import { copyAttributes, type LayerfsSuper, OverlaySuper, TmpfsSuper } from "../../fs/mod.ts";
import type { ImageConfig } from "../../image/config.ts";
import type { Platform } from "../../image/platform.ts";
import { findImage, type FoundImage } from "./find_image.ts";
import type { PrepareOptions } from "./leased_image.ts";

/** An image ready to be run. */
export interface PreparedImage {
  /** What to call it. */
  readonly name: string;
  /** Its configuration. */
  readonly config: ImageConfig;
  /** Its layers, the topmost first. */
  readonly layers: readonly LayerfsSuper[];
  /** The function that its module is started by, if it is not `_start`. */
  readonly start?: string;
}

/** Brings the layers of an image that was found into the store, if they are not there. They are shut down by whoever has them. */
export async function mountImage(
  found: FoundImage,
  options: PrepareOptions = {},
): Promise<PreparedImage> {
  if (!("store" in found)) return found;
  const { mountLeased } = await import("./prepare_layers.ts");
  return await mountLeased(found, options);
}

/**
 * Opens what a user named: a module, or an image whose layers are brought into the store. What it needs of the store is leased until its
 * layers have been shut down.
 */
export async function prepareImage(
  image: string,
  platform: Platform | undefined,
  options: PrepareOptions = {},
): Promise<PreparedImage> {
  return await mountImage(await findImage(image, platform, options), options);
}

/** An overlay of an image's layers with a writable tree of its own, in memory: half of the host's at most (tmpfs(5), size). */
export function rootFilesystem(layers: readonly LayerfsSuper[]): OverlaySuper {
  const upper = new TmpfsSuper({ mode: 0o755, size: Math.floor(Deno.systemMemoryInfo().total / 2) });
  const lowers = layers.map((layer) => layer.root);
  // The root is as the topmost layer says that describes it.
  if (lowers.length > 0) copyAttributes(new OverlaySuper({ lowers }).root, upper.root);
  // An image may have no layers at all: the overlay then has an empty one below.
  return new OverlaySuper({ lowers, upper: upper.root });
}
