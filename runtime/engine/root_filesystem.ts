/** The root filesystem of a container: read-only layers under a fresh writable tree. @module */
import { copyAttributes, LayerfsSuper, OverlaySuper, TmpfsSuper } from "../../fs/mod.ts";
import type { ImageConfig } from "../../image/config.ts";
import { type Platform, platformText } from "../../image/platform.ts";
import { parseReference } from "../../image/reference.ts";
import { isWasmFile, wasmFileImage } from "../../image/store/wasm_file.ts";
import { RunError } from "./options.ts";
import type { PrepareOptions } from "./prepare_layers.ts";

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

/** A module as an image of one file; 126 if it is none (as of any program that cannot be executed). */
async function moduleImage(path: string, platform: Platform | undefined): Promise<PreparedImage> {
  if (platform !== undefined && platform.architecture !== "wasm") {
    throw new RunError(`module ${path}: it is for wasi/wasm, not for ${platformText(platform)}`, 125);
  }
  try {
    const { name, config, layer } = await wasmFileImage(path);
    return { name, config, layers: [new LayerfsSuper(layer)] };
  } catch (error) {
    throw new RunError((error as Error).message, 126, { cause: error });
  }
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
  const reference = parseReference(image);
  if (reference.transport === "auto" && await isWasmFile(image)) return moduleImage(image, platform);
  const { prepareLayers } = await import("./prepare_layers.ts");
  return await prepareLayers(reference, platform, options);
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
