/** Validation of what a user names. @module */
import { LayoutSource } from "../../image/layout.ts";
import { parseReference } from "../../image/reference.ts";
import { DirectoryTree } from "../../image/store/host_tree.ts";
import { openSource, type OpenSourceOptions } from "../../image/store/open_source.ts";
import { type Report, validateImage, validateLayout } from "../../image/validate/mod.ts";

/** How thorough validation is. */
export interface ValidateReferenceOptions extends OpenSourceOptions {
  /** Layers are not read. */
  readonly documentsOnly?: boolean;
}

/** Paths of the files below `blobs` of a layout directory, and `blobs` itself. */
async function* blobPaths(directory: string): AsyncGenerator<string> {
  const entries = async (path: string): Promise<Deno.DirEntry[]> => {
    try {
      return await Array.fromAsync(Deno.readDir(`${directory}/${path}`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw new Error(`reading ${directory}/${path}: ${(error as Error).message}`, { cause: error });
    }
  };
  if (await Deno.stat(`${directory}/blobs`).then((info) => info.isDirectory, () => false)) yield "blobs";
  for (const algorithm of await entries("blobs")) {
    if (!algorithm.isDirectory) continue;
    for (const { name } of await entries(`blobs/${algorithm.name}`)) yield `blobs/${algorithm.name}/${name}`;
  }
}

/** Validates an image, or a whole layout when no image in it is named. Throws if there is no such place. */
export async function validateReference(
  text: string,
  options: ValidateReferenceOptions = {},
): Promise<Report> {
  const { source, imageName } = await openSource(parseReference(text), options);
  try {
    // The store is a layout too, but what is wrong with all of it is the business of `umiak store check`.
    if (!(source instanceof LayoutSource)) return await validateImage(source, imageName, options);
    const { tree } = source;
    const whole = imageName === undefined && tree instanceof DirectoryTree
      ? { paths: blobPaths(tree.path) }
      : {};
    return await validateLayout(tree, {
      ...options,
      ...whole,
      ...(imageName === undefined ? {} : { imageName }),
    });
  } finally {
    source.close();
  }
}
