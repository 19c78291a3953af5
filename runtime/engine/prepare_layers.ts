/** From a reference to mounted layers: pulled if need be, decompressed and indexed once, and kept from being collected. @module */
import { MissingContentError } from "../../image/content.ts";
import type { Platform } from "../../image/platform.ts";
import type { ImageReference } from "../../image/reference.ts";
import type { Image } from "../../image/source.ts";
import { openLayers } from "../../image/store/mount_layers.ts";
import { openImage } from "../../image/store/open_image.ts";
import { isOnHost } from "../../image/store/open_source.ts";
import { Store } from "../../image/store/store.ts";
import type { MoveOptions, PullPolicy } from "./pull.ts";
import { startConfig } from "../../image/wasm/artifact.ts";
import { runsAsWasm, wasmProblem } from "../../image/wasm/detect.ts";
import { RunError } from "./options.ts";
import type { PreparedImage } from "./root_filesystem.ts";

/** How an image that is not there is got. */
export type PrepareOptions = Omit<MoveOptions, "platform" | "allPlatforms" | "referrers"> & {
  /** When the image is pulled; if the store does not have it unless told. */
  readonly pull?: PullPolicy;
};

/** Opens an image of the store, after it has been pulled if need be. */
async function openStored(
  name: string,
  policy: PullPolicy,
  platform: Platform | undefined,
  options: PrepareOptions,
): Promise<Image> {
  const wanted = { ...options, ...platform === undefined ? {} : { platform } };
  const open = (): Promise<Image> => openImage({ transport: "store", path: name }, wanted);
  if (policy !== "always") {
    try {
      return await open();
    } catch (error) {
      // What is there may be for another platform than the one that is asked for.
      const elsewhere = error instanceof MissingContentError || platform !== undefined;
      if (policy === "never" || !elsewhere) throw error;
    }
  }
  const { pull } = await import("./pull.ts");
  await pull(name, wanted);
  return await open();
}

/** The image, with its layers in the store; what it needs there is leased until they have been shut down. */
export async function prepareLayers(
  reference: ImageReference,
  platform: Platform | undefined,
  options: PrepareOptions,
): Promise<PreparedImage> {
  // What is said to be in the store is looked for nowhere else.
  const policy = reference.transport === "store" ? "never" : options.pull ?? "missing";
  const opened = await isOnHost(reference)
    ? await openImage(reference, { ...options, ...platform === undefined ? {} : { platform } })
    : await openStored(reference.path, policy, platform, options);
  try {
    const problem = wasmProblem(opened);
    if (problem !== undefined) throw new RunError(`${opened.name}: ${problem}`, 126);
    const store = await Store.open(options.storeRoot);
    try {
      const { digest, manifest, config } = opened;
      const blobs = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
      await store.lease.add([...blobs, ...config.diffIds], options.signal);
      const layers = await openLayers(opened, store.layers, () => store.close(), options);
      const { name } = opened;
      // Of a native image, # in a command is a letter like any other.
      if (!runsAsWasm(opened, [...config.config.Entrypoint, ...config.config.Cmd][0])) {
        return { name, config, layers };
      }
      const { start, ...own } = startConfig(config);
      return { name, ...own, layers, ...start === "_start" ? {} : { start } };
    } catch (error) {
      store.close();
      throw error;
    }
  } finally {
    opened.close();
  }
}
