/** Opens an image by reference. @module */
import { type ImageChoice, loadImage } from "../load.ts";
import { defaultPlatforms, normalizePlatform, type Platform } from "../platform.ts";
import type { ImageReference } from "../reference.ts";
import type { Image } from "../source.ts";
import { openSource, type OpenSourceOptions } from "./open_source.ts";

/** How an image is chosen. */
export interface OpenImageOptions extends OpenSourceOptions {
  /** The platform asked for; without it modules for WASI, then the host's own. */
  readonly platform?: Platform;
}

/** What is taken of several images: the platform asked for, or else what this host runs. */
export function choiceFor(platform: Platform | undefined): ImageChoice {
  const host = normalizePlatform({ os: Deno.build.os, architecture: Deno.build.arch });
  return platform === undefined
    ? { platforms: defaultPlatforms(host) }
    : { platforms: [platform], strict: true };
}

/** Opens an image. Whoever opens it closes it. Throws an error that says what is wrong with which part. */
export async function openImage(reference: ImageReference, options: OpenImageOptions = {}): Promise<Image> {
  const { source, imageName, title } = await openSource(reference, options);
  try {
    const image = await loadImage(source, imageName, choiceFor(options.platform), options);
    return title === undefined ? image : { ...image, name: title };
  } catch (error) {
    source.close();
    throw error;
  }
}
