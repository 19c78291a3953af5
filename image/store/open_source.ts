/** Opens a directory or an archive of the host as a source of images. @module */
import type { ImageSource } from "../content.ts";
import { DockerArchiveSource } from "../docker_archive.ts";
import { LayoutSource } from "../layout.ts";
import { type ImageReference, referenceText } from "../reference.ts";
import type { FileTree } from "../source.ts";
import { ArchiveTree, DirectoryTree } from "./host_tree.ts";

/** A source, and which of its images is meant. */
export interface OpenSource {
  /** The source; whoever opened it closes it. */
  readonly source: ImageSource;
  /** Name of the image in it; undefined where there is only one. */
  readonly imageName: string | undefined;
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

async function openTree(reference: ImageReference): Promise<FileTree> {
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

/** Opens what a reference names on the host. Throws an error that says what is wrong with which part. */
export async function openSource(asked: ImageReference): Promise<OpenSource> {
  const reference = await withTag(asked);
  const tree = await openTree(reference);
  try {
    // What manifest.json names is looked for inside an archive only: in a directory, its paths could lead anywhere.
    const isSaved = reference.transport === "docker-archive" ||
      reference.transport === "auto" && tree instanceof ArchiveTree &&
        await tree.size("oci-layout") === undefined && await tree.size("manifest.json") !== undefined;
    const source = isSaved ? new DockerArchiveSource(tree) : new LayoutSource(tree);
    return { source, imageName: reference.tag };
  } catch (error) {
    tree.close();
    throw error;
  }
}
