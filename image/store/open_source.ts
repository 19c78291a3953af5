/** Opens the place that a reference names as a source of images. @module */
import { type ContentOptions, type ImageSource, MissingContentError } from "../content.ts";
import { DockerArchiveSource } from "../docker_archive.ts";
import { LayoutSource } from "../layout.ts";
import { type ImageReference, looksLikePath, referenceText } from "../reference.ts";
import type { RegistryOptions } from "../registry/options.ts";
import type { FileTree } from "../source.ts";
import { defaultRoot } from "./default_root.ts";
import { ArchiveTree, DirectoryTree } from "./host_tree.ts";
import { openRegistry } from "./open_registry.ts";
import { Store, storeName } from "./store.ts";
import { isWasmFile } from "./wasm_file.ts";

/** A source, and which of its images is meant. */
export interface OpenSource {
  /** The source; whoever opened it closes it. */
  readonly source: ImageSource;
  /** Name of the image in it; undefined where there is only one. */
  readonly imageName: string | undefined;
  /** What messages call the image, where the source's name is not enough. */
  readonly title?: string;
  /** The name by which registries and the store know the image. */
  readonly publicName?: string;
  /** HOST[:PORT] and name of the repository, if it is one. */
  readonly repository?: readonly [registry: string, name: string];
}

/** Where images are looked for, beside the host's files. */
export interface OpenSourceOptions extends ContentOptions {
  /** Directory of the store; the user's own unless given. */
  readonly storeRoot?: string;
  /** How registries are talked to. */
  readonly registry?: RegistryOptions;
}

/** A plain path may end in `:TAG` or `:NAME:TAG`, unless there is a file of that very name. Undefined if there is neither. */
async function onHost(reference: ImageReference): Promise<ImageReference | undefined> {
  const { transport, path } = reference;
  const exists = (path: string): Promise<boolean> => Deno.lstat(path).then(() => true, () => false);
  if (transport !== "auto" || await exists(path)) return reference;
  for (let at = path.lastIndexOf(":"); at >= 2; at = path.lastIndexOf(":", at - 1)) {
    const tag = path.slice(at + 1), file = path.slice(0, at);
    if (tag !== "" && await exists(file)) return { transport, path: file, tag };
  }
  return undefined;
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
  if (await isWasmFile(path)) {
    throw new Error(
      `image ${referenceText(reference)}: a WebAssembly module, not an image; image pack makes one of it`,
    );
  }
  return ArchiveTree.open(path);
}

async function openFiles(reference: ImageReference): Promise<OpenSource> {
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

async function fromStore(name: string, options: OpenSourceOptions): Promise<OpenSource> {
  const source = await Store.open(options.storeRoot);
  const publicName = storeName(name);
  return { source, imageName: name, title: publicName, publicName };
}

async function fromRegistry(name: string, options: OpenSourceOptions): Promise<OpenSource> {
  const { repository, registry, tag, digest, text } = await openRegistry(name, options.registry);
  const { RegistrySource } = await import("../registry/mod.ts");
  return {
    source: new RegistrySource(repository),
    imageName: digest ?? tag,
    title: text,
    publicName: text,
    repository: [registry, repository.name],
  };
}

/** A name without a transport, and without a file: in the store, if it is there, else in a registry. */
async function byName(name: string, options: OpenSourceOptions): Promise<OpenSource> {
  const root = options.storeRoot ?? defaultRoot();
  try {
    storeName(name);
  } catch (error) {
    throw new Error(`image ${name}: no such file or directory, and as a name: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (await Deno.stat(`${root}/index.json`).then(() => true, () => false)) {
    const stored = await fromStore(name, options);
    try {
      await stored.source.resolve(name, options);
      return stored;
    } catch (error) {
      stored.source.close();
      if (!(error instanceof MissingContentError)) throw error;
    }
  }
  return await fromRegistry(name, options);
}

/** Opens what a reference names. Throws an error that says what is wrong with which part. */
export async function openSource(
  reference: ImageReference,
  options: OpenSourceOptions = {},
): Promise<OpenSource> {
  const { transport, path } = reference;
  if (transport === "store") return await fromStore(path, options);
  if (transport === "docker") return await fromRegistry(path, options);
  const files = await onHost(reference);
  if (files !== undefined) return await openFiles(files);
  return looksLikePath(path) ? await openFiles(reference) : await byName(path, options);
}

/** True if a reference names a file or a directory of the host, or can only be meant so. */
export async function isOnHost(reference: ImageReference): Promise<boolean> {
  if (reference.transport === "store" || reference.transport === "docker") return false;
  return await onHost(reference) !== undefined || looksLikePath(reference.path);
}
