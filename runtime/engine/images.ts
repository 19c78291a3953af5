/** Images for the command line and for programs: inspect, list, pack. @module */
import type { OverlaySuper } from "../../fs/mod.ts";
import { type DescribedStep, describeHistory } from "../../image/describe_history.ts";
import { inspectImage } from "../../image/inspect.ts";
import { type ListedFile, listFiles } from "../../image/list_files.ts";
import type { Platform } from "../../image/platform.ts";
import { parseReference } from "../../image/reference.ts";
import { packModule, type PackOptions } from "../../image/store/pack.ts";
import { writeLayout } from "../../image/store/layout_writer.ts";
import { openImage } from "../../image/store/open_image.ts";
import { prepareImage, rootFilesystem } from "./root_filesystem.ts";

/** Describes an image; see inspectImage. */
export async function inspect(reference: string, platform?: Platform): Promise<Record<string, unknown>> {
  const image = await openImage(parseReference(reference), platform === undefined ? {} : { platform });
  try {
    return inspectImage(image);
  } finally {
    image.close();
  }
}

/** How an image was made, the first step first; see describeHistory. */
export async function imageHistory(reference: string, platform?: Platform): Promise<DescribedStep[]> {
  const image = await openImage(parseReference(reference), platform === undefined ? {} : { platform });
  try {
    return describeHistory(image);
  } finally {
    image.close();
  }
}

/** Calls `each` for every file of an image, in the order of their paths. */
export async function forEachFile(
  reference: string,
  platform: Platform | undefined,
  each: (file: ListedFile) => void,
): Promise<void> {
  const image = await prepareImage(reference, platform);
  const overlay: OverlaySuper = rootFilesystem(image.layers);
  try {
    for (const file of listFiles(overlay.root)) each(file);
  } finally {
    overlay.shutdown();
  }
}

/** What `pack` is asked for: a module with its files, and where the image goes. */
export interface PackImageOptions extends PackOptions {
  /** Directory of the OCI layout. */
  readonly directory: string;
  /** Name of the image in it. */
  readonly tag: string;
}

/** Time of an image: SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), or the beginning of 1970. */
function createdMs(): number {
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  return epoch !== undefined && /^\d{1,11}$/.test(epoch) ? Number(epoch) * 1000 : 0;
}

/** Packs a module, with files, as a `wasi/wasm` image into an OCI layout. Returns the digest of its manifest. */
export async function pack(options: PackImageOptions): Promise<string> {
  const image = await packModule({ createdMs: createdMs(), ...options });
  await writeLayout(options.directory, image, options.tag);
  return image.manifest.descriptor.digest;
}
