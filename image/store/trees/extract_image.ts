/** Extracting layers of an image that nobody has extracted yet. @module */
import type { ContentOptions } from "../../content.ts";
import { mergedRoot } from "../../layer/stack.ts";
import type { Image } from "../../source.ts";
import { syncDirectory } from "../atomic_file.ts";
import { isAbandoned, lockFile } from "../file_lock.ts";
import { syncFilesystem } from "../host_fs/libc.ts";
import { openLinuxTree } from "../host_fs/linux_tree.ts";
import { openLayers } from "../mount_layers.ts";
import type { Store } from "../store.ts";
import { extractLayer, type Lost } from "./extract_layer.ts";
import type { RemoveAll } from "./remove_tree.ts";
import { type TreeOwner, UNFINISHED } from "./tree_key.ts";

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

function sentences(lost: Lost): string[] {
  return [...lost].map(([what, { count, first }]) =>
    `${what}: not kept for ${count} ${count === 1 ? "file" : "files"} (${JSON.stringify(first)})`
  );
}

/** What is to be extracted, and where. */
export interface Extracting {
  /** The directory of all trees. */
  readonly trees: string;
  /** Of each layer, the lowest first: where it is to be. */
  readonly paths: readonly string[];
  /** Which are there. */
  readonly there: readonly boolean[];
  /** Whose the files are. */
  readonly owner: TreeOwner;
  /** Removes a directory. */
  readonly remove: RemoveAll;
}

/** Extracts what is not there. The caller is the only one who does. Sentences about what could not be kept. */
export async function extractImage(
  image: Image,
  store: Store,
  { trees, paths, there, owner, remove }: Extracting,
  options: ContentOptions,
): Promise<string[]> {
  const { signal } = options;
  await sweep(trees, remove);
  const notes: string[] = [];
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
    return notes;
  } finally {
    for (const layer of layers) layer.shutdown();
  }
}
