/**
 * Extracted layers, for the overlay of a kernel: `trees/KEY`, a directory each (tree_key.ts). A tree has its name only when it is whole and on the
 * disk; what a killed process has left of one is `trees/~…`, which the next that extracts or collects removes. Nobody writes in a tree that
 * has its name.
 * @module
 */
import type { ContentOptions } from "../../content.ts";
import type { Image } from "../../source.ts";
import { makeDirectory } from "../atomic_file.ts";
import { withLock } from "../file_lock.ts";
import { openTree } from "../host_fs/open_tree.ts";
import type { Store } from "../store.ts";
import { isOpaqueDirectory } from "./merged_tree.ts";
import { type RemoveAll, removeAll } from "./remove_tree.ts";
import { treeKeys, type TreeOwner } from "./tree_key.ts";

/** An image's layers as directories. */
export interface OpenTrees {
  /** Absolute paths, the topmost first, as an overlay wants them. */
  readonly paths: readonly string[];
  /** Sentences about what could not be kept of layers that have just been extracted. */
  readonly notes: readonly string[];
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then((info) => info.isDirectory, () => false);
}

/** Layers down to the first whose root is opaque: that one hides all others, of which the kernel's overlay knows nothing. */
function visible(paths: readonly string[]): readonly string[] {
  const at = paths.findIndex((path) => {
    const { root } = openTree(path);
    try {
      return isOpaqueDirectory(root);
    } finally {
      root.close();
    }
  });
  return at < 0 ? paths : paths.slice(0, at + 1);
}

/**
 * The layers of an image as directories, each extracted once for all processes. They stay as long as the store's lease, which has to have
 * what the image needs of the store already. Linux only.
 */
export async function openTrees(
  image: Image,
  store: Store,
  owner: TreeOwner,
  options: ContentOptions & { readonly remove?: RemoveAll } = {},
): Promise<OpenTrees> {
  const { remove = removeAll, signal } = options;
  const keys = await treeKeys(image.config.diffIds), trees = `${store.root}/trees`;
  const paths = keys.map((key) => `${trees}/${key}${owner.suffix}`);
  const found = async (): Promise<boolean[]> => await Promise.all(paths.map(isThere));
  const open = (notes: readonly string[]): OpenTrees => ({ paths: visible([...paths].reverse()), notes });
  await store.lease.add(keys, signal);
  if ((await found()).every(Boolean)) return open([]);
  await makeDirectory(trees, 0o700);
  return await withLock(`${trees}/lock`, true, async () => {
    const there = await found();
    if (there.every(Boolean)) return open([]);
    const { extractImage } = await import("./extract_image.ts");
    return open(await extractImage(image, store, { trees, paths, there, owner, remove }, options));
  }, signal);
}
