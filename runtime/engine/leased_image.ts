/** From a reference to an image of the store: pulled if need be, and kept from being collected. @module */
import { MissingContentError } from "../../image/content.ts";
import type { Platform } from "../../image/platform.ts";
import type { ImageReference } from "../../image/reference.ts";
import type { Image } from "../../image/source.ts";
import { openImage } from "../../image/store/open_image.ts";
import { isOnHost } from "../../image/store/open_source.ts";
import { Store } from "../../image/store/store.ts";
import type { MoveOptions, PullPolicy } from "./pull.ts";
import { wasmProblem } from "../../image/wasm/detect.ts";
import { RunError } from "./options.ts";

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

/** An image whose content stays in the store: what it needs there is leased. Both are closed by whoever has it. */
export interface LeasedImage {
  /** The image. */
  readonly image: Image;
  /** The store, with the lease. */
  readonly store: Store;
}

/** Opens an image, pulled if need be, and leases what it needs of the store. */
export async function openLeased(
  reference: ImageReference,
  platform: Platform | undefined,
  options: PrepareOptions,
): Promise<LeasedImage> {
  // What is said to be in the store is looked for nowhere else.
  const policy = reference.transport === "store" ? "never" : options.pull ?? "missing";
  const image = await isOnHost(reference)
    ? await openImage(reference, { ...options, ...platform === undefined ? {} : { platform } })
    : await openStored(reference.path, policy, platform, options);
  let store: Store | undefined;
  try {
    const problem = wasmProblem(image);
    if (problem !== undefined) throw new RunError(`${image.name}: ${problem}`, 126);
    store = await Store.open(options.storeRoot);
    const { digest, manifest, config } = image;
    const blobs = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
    await store.lease.add([...blobs, ...config.diffIds], options.signal);
    return { image, store };
  } catch (error) {
    store?.close();
    image.close();
    throw error;
  }
}
