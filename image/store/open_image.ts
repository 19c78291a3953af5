/** Opens an image by reference. @module */
import { openDockerArchive } from "../docker_archive.ts";
import { openLayout } from "../layout.ts";
import { defaultPlatforms, normalizePlatform, type Platform } from "../platform.ts";
import { type ImageReference, referenceText } from "../reference.ts";
import type { FileTree, Image } from "../source.ts";
import { ArchiveTree, DirectoryTree } from "./host_tree.ts";

/** How an image is chosen. */
export interface OpenImageOptions {
  /** The platform asked for; without it modules for WASI, then the host's own. */
  readonly platform?: Platform;
}

/** A plain path may end in `:TAG`, unless there is a file of that very name. */
async function withTag(reference: ImageReference): Promise<ImageReference> {
  const { transport, path, tag } = reference;
  const at = path.lastIndexOf(":");
  if (transport !== "auto" || tag !== undefined || at < 2 || at === path.length - 1) return reference;
  if (await Deno.lstat(path).then(() => true, () => false)) return reference;
  const split = { transport, path: path.slice(0, at), tag: path.slice(at + 1) };
  return await Deno.stat(split.path).then(() => split, () => reference);
}

async function tree(reference: ImageReference): Promise<FileTree> {
  const { transport, path } = reference;
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : (error as Error).message;
    throw new Error(`image ${referenceText(reference)}: ${path}: ${why}`, { cause: error });
  }
  if (info.isDirectory) {
    if (transport === "oci" || transport === "auto") return new DirectoryTree(path);
    throw new Error(`image ${referenceText(reference)}: ${path} is a directory, not an archive`);
  }
  if (transport === "oci") throw new Error(`image ${referenceText(reference)}: ${path} is not a directory`);
  if (!info.isFile) throw new Error(`image ${referenceText(reference)}: ${path} is not a file`);
  return ArchiveTree.open(path);
}

/** Opens an image. Whoever opens it closes it. Throws an error that says what is wrong with which part. */
export async function openImage(asked: ImageReference, options: OpenImageOptions = {}): Promise<Image> {
  const reference = await withTag(asked);
  const files = await tree(reference);
  try {
    const host = normalizePlatform({ os: Deno.build.os, architecture: Deno.build.arch });
    const choice = {
      ...(reference.tag === undefined ? {} : { tag: reference.tag }),
      platforms: options.platform === undefined ? defaultPlatforms(host) : [options.platform],
      strict: options.platform !== undefined,
    };
    // What manifest.json names is looked for inside an archive only: in a directory, its paths could lead anywhere.
    const isSaved = reference.transport === "docker-archive" ||
      reference.transport === "auto" && files instanceof ArchiveTree &&
        await files.size("oci-layout") === undefined && await files.size("manifest.json") !== undefined;
    return !isSaved ? await openLayout(files, choice) : await openDockerArchive(files, choice);
  } catch (error) {
    files.close();
    throw error;
  }
}
