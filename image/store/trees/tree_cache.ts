/**
 * Extracted layers, for the overlay of a kernel: `trees/KEY`, a directory each (tree_key.ts). A tree has its name only when it is whole and on the
 * disk; what a killed process has left of one is `trees/~…`, which the next that extracts or collects removes. Nobody writes in a tree that
 * has its name.
 * @module
 */
import type { ContentOptions } from "../../content.ts";
import { mergedRoot } from "../../layer/stack.ts";
import type { Image } from "../../source.ts";
import { makeDirectory, syncDirectory } from "../atomic_file.ts";
import { isAbandoned, lockFile, withLock } from "../file_lock.ts";
import { syncFilesystem } from "../host_fs/libc.ts";
import { openLinuxTree } from "../host_fs/linux_tree.ts";
import { openTree } from "../host_fs/open_tree.ts";
import { openLayers } from "../mount_layers.ts";
import type { Store } from "../store.ts";
import { isOpaqueDirectory } from "./merged_tree.ts";
import { extractLayer, type Lost } from "./extract_layer.ts";
import { type RemoveAll, removeAll } from "./remove_tree.ts";
import { treeKeys, type TreeOwner, UNFINISHED } from "./tree_key.ts";

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

/** Removes what killed processes have left. */
async function sweep(trees: string, remove: RemoveAll): Promise<void> {
  for await (const { name } of Deno.readDir(trees)) {
    const path = `${trees}/${name}`;
    if (!name.startsWith(UNFINISHED) || !await isAbandoned(path)) continue;
    await remove(path).catch(() => {}); // somebody else swept
  }
}

/** Extracts one layer to `path`: into a directory without a name first, which is locked as long as it has none. */
async function extract(
  trees: string,
  path: string,
  fill: (directory: string) => Promise<Lost>,
  remove: RemoveAll,
): Promise<Lost> {
  const temporary = `${trees}/${UNFINISHED}${crypto.randomUUID()}`;
  await Deno.mkdir(temporary, { mode: 0o700 });
  const held = await Deno.open(temporary);
  try {
    await lockFile(held, true);
    const lost = await fill(temporary);
    syncFilesystem(temporary);
    await Deno.rename(temporary, path);
    await syncDirectory(trees);
    return lost;
  } catch (error) {
    await remove(temporary).catch(() => {}); // renamed away, or as good as can be
    throw error;
  } finally {
    held.close();
  }
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

function sentences(lost: Lost): string[] {
  return [...lost].map(([what, { count, first }]) =>
    `${what}: not kept for ${count} ${count === 1 ? "file" : "files"} (${JSON.stringify(first)})`
  );
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
  const keys = treeKeys(image.config.diffIds), trees = `${store.root}/trees`;
  const paths = keys.map((key) => `${trees}/${key}${owner.suffix}`);
  const found = async (): Promise<boolean[]> => await Promise.all(paths.map(isThere));
  const open = (notes: readonly string[]): OpenTrees => ({ paths: visible([...paths].reverse()), notes });
  await store.lease.add(keys, signal);
  if ((await found()).every(Boolean)) return open([]);
  await makeDirectory(trees, 0o700);
  return await withLock(`${trees}/lock`, true, async () => {
    await sweep(trees, remove);
    const notes: string[] = [];
    const there = await found();
    if (there.every(Boolean)) return open(notes);
    const layers = (await openLayers(image, store.layers, () => {}, options)).reverse();
    try {
      for (const [i, layer] of layers.entries()) {
        if (there[i]) continue;
        const beneath = mergedRoot(layers.slice(0, i).reverse());
        const fill = async (directory: string): Promise<Lost> => {
          const tree = openLinuxTree(directory);
          if (tree === null) throw new Error("this host's C library cannot be called");
          try {
            const extracted = extractLayer(layer, tree, {
              ...{ owner, beneath },
              ...signal === undefined ? {} : { signal },
            });
            const lose = (path: string): void => extracted.lose("owners that this user has no ids for", path);
            await owner.giveAway?.(directory, extracted.foreign, lose);
            return extracted.lost;
          } finally {
            tree.root.close();
          }
        };
        const lost = await extract(trees, paths[i]!, fill, remove).catch((error: Error) => {
          const what = `${image.name}: extracting layer ${image.layers[i]!.descriptor.digest}`;
          throw new Error(`${what}: ${error.message}`, { cause: error });
        });
        notes.push(...sentences(lost));
      }
      return open(notes);
    } finally {
      for (const layer of layers) layer.shutdown();
    }
  }, signal);
}
