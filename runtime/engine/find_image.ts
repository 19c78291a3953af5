/** What a user named: an image of the store, or a module in a file. @module */
import { type Platform, platformText } from "../../image/platform.ts";
import { parseReference } from "../../image/reference.ts";
import { isWasmFile } from "../../image/store/wasm_file.ts";
import type { LeasedImage, PrepareOptions } from "./leased_image.ts";
import { RunError } from "./options.ts";
import type { PreparedImage } from "./root_filesystem.ts";

/** An image that has been found: with its layers if it is a module, else with a lease of them. */
export type FoundImage = PreparedImage | LeasedImage;

/** A module as an image of one file; 126 if it is none (as of any program that cannot be executed). */
async function moduleImage(path: string, platform: Platform | undefined): Promise<PreparedImage> {
  if (platform !== undefined && platform.architecture !== "wasm") {
    throw new RunError(`module ${path}: it is for wasi/wasm, not for ${platformText(platform)}`, 125);
  }
  const { wasmFileImage } = await import("../../image/store/wasm_file.ts");
  const { LayerfsSuper } = await import("../../fs/layerfs/mod.ts");
  try {
    const { name, config, layer } = await wasmFileImage(path);
    return { name, config, layers: [new LayerfsSuper(layer)] };
  } catch (error) {
    throw new RunError((error as Error).message, 126, { cause: error });
  }
}

/** Opens what a user named. It is closed by leaveImage(), unless somebody takes it over. */
export async function findImage(
  image: string,
  platform: Platform | undefined,
  options: PrepareOptions = {},
): Promise<FoundImage> {
  const reference = parseReference(image);
  if (reference.transport === "auto" && await isWasmFile(image)) return moduleImage(image, platform);
  const { openLeased } = await import("./leased_image.ts");
  return await openLeased(reference, platform, options);
}

/** Gives back what an image holds that nobody has taken over. */
export function leaveImage(found: FoundImage): void {
  if (!("store" in found)) {
    for (const layer of found.layers) layer.shutdown();
    return;
  }
  found.store.close();
  found.image.close();
}

/** Runs `body`, which opens an image: whatever is wrong with that is umiak's error 125, unless it says otherwise. */
export async function opening<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw error instanceof RunError ? error : new RunError((error as Error).message, 125, { cause: error });
  }
}
