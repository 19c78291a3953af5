/** Images on their way: pull, push, copy. @module */
import { type Copied, copyImage, type CopyOptions } from "../../image/copy.ts";
import type { Platform } from "../../image/platform.ts";
import { type ImageReference, parseReference, referenceText } from "../../image/reference.ts";
import type { RegistryOptions } from "../../image/registry/options.ts";
import { choiceFor } from "../../image/store/open_image.ts";
import { openSink } from "../../image/store/open_sink.ts";
import { openSource } from "../../image/store/open_source.ts";
import type { BlobProgress } from "../../image/transfer.ts";

/** What every way of moving images can be told. */
export interface MoveOptions {
  /** The one platform wanted of an image for several; what this host runs unless told. */
  readonly platform?: Platform;
  /** Everything, as it stands. */
  readonly allPlatforms?: boolean;
  /** What refers to the image (signatures, bills of materials) comes along. */
  readonly referrers?: boolean;
  /** Layers that are not to be distributed go to registries, too. */
  readonly nonDistributable?: boolean;
  /** How registries are talked to. */
  readonly registry?: RegistryOptions;
  /** Directory of the store; the user's own unless given. */
  readonly storeRoot?: string;
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Is told about every blob, again and again. */
  readonly onProgress?: (progress: BlobProgress) => void;
}

function copyOptions(options: MoveOptions): CopyOptions {
  const { platform, allPlatforms = false, referrers = false, signal, onProgress } = options;
  return {
    referrers,
    nonDistributable: options.nonDistributable ?? false,
    ...allPlatforms ? {} : { choice: choiceFor(platform) },
    ...signal === undefined ? {} : { signal },
    ...onProgress === undefined ? {} : { onProgress },
  };
}

async function move(
  from: ImageReference,
  to: (publicName: string | undefined) => ImageReference,
  options: MoveOptions,
): Promise<Copied> {
  const opened = await openSource(from, options);
  try {
    // Layers of all platforms would fill the disk with what nobody runs here.
    const target = to(opened.publicName);
    const { sink, imageName } = await openSink(target, opened, {
      ...options,
      prepareLayers: !options.allPlatforms,
    });
    try {
      return await copyImage(opened.source, opened.imageName, sink, imageName, copyOptions(options));
    } finally {
      sink.close();
    }
  } finally {
    opened.source.close();
  }
}

/** Copies an image between any two places; digests stay what they are, except in docker-archives. */
export function copy(source: string, target: string, options: MoveOptions = {}): Promise<Copied> {
  return move(parseReference(source), () => parseReference(target), options);
}

/** The registry reference behind a plain name or `docker://NAME`. */
function inRegistry(text: string, doing: string): ImageReference {
  const reference = parseReference(text);
  if (reference.transport === "docker") return reference;
  if (reference.transport === "auto") return { transport: "docker", path: reference.path };
  throw new Error(
    `${doing} ${text}: only registries are ${doing}ed from and to; umiak image copy is for everything else`,
  );
}

/** Fetches an image from a registry into the store, under its whole name. */
export async function pull(name: string, options: MoveOptions = {}): Promise<Copied & { name: string }> {
  const from = inRegistry(name, "pull");
  let whole = from.path;
  const copied = await move(
    from,
    (publicName) => ({ transport: "store", path: whole = publicName! }),
    options,
  );
  return { ...copied, name: whole };
}

/**
 * Sends an image of the store to the registry in its name, or elsewhere. Everything that the name means goes, unless a platform is asked
 * for. Where it went.
 */
export async function push(
  name: string,
  target: string | undefined,
  options: MoveOptions = {},
): Promise<Copied & { name: string }> {
  const reference = parseReference(name);
  const from: ImageReference = reference.transport === "auto"
    ? { transport: "store", path: reference.path }
    : reference;
  if (from.transport !== "store") {
    throw new Error(
      `push ${name}: only images of the store are pushed; umiak image copy is for everything else`,
    );
  }
  const whole = { ...options, allPlatforms: options.platform === undefined };
  let went = "";
  const copied = await move(from, (publicName) => {
    const to = inRegistry(target ?? publicName!, "push");
    went = referenceText(to).replace(/^docker:\/\//, "");
    return to;
  }, whole);
  return { ...copied, name: went };
}

/** When an image that a container needs is pulled. */
export type PullPolicy = "always" | "missing" | "never";
