/** Removes extracted layers that nothing needs. @module */
import { isDir, isReg } from "../../../fs/abi/mode.ts";
import { isAbandoned } from "../file_lock.ts";
import { openTree } from "../host_fs/open_tree.ts";
import { HostError, type HostTree } from "../host_fs/types.ts";
import { type Place, Places } from "../tree/places.ts";
import { keyOfTree, UNFINISHED } from "./tree_key.ts";

/** Removes a directory with all that is below it, whoever owns that. */
export type RemoveAll = (path: string) => Promise<void>;

/** As its owner, or root. */
export const removeAll: RemoveAll = (path) => Deno.remove(path, { recursive: true });

/** Bytes of the files in a directory and below it; what only another user may see is left out. */
function sizeIn(places: Places, place: Place): number {
  try {
    const directory = places.open(place), below: Place[] = [];
    let bytes = 0;
    for (const name of directory.names()) {
      const stat = directory.stat(name);
      if (stat === null) continue;
      if (isDir(stat.mode)) below.push(places.child(place, name, [0, 0]));
      else if (isReg(stat.mode)) bytes += stat.size;
    }
    return below.reduce((sum, child) => sum + sizeIn(places, child), bytes);
  } catch (error) {
    if (error instanceof HostError && error.code === "EACCES") return 0;
    throw error;
  }
}

/** Bytes of the files below a directory, each counted once for every name; those that only another user may see are not. */
function sizeOf(directory: string): number {
  let tree: HostTree;
  try {
    tree = openTree(directory);
  } catch (error) {
    if (error instanceof HostError && error.code === "EACCES") return 0;
    throw error;
  }
  const places = new Places(tree.root);
  try {
    return sizeIn(places, places.root);
  } finally {
    places.close();
    tree.root.close();
  }
}

/** Extracted layers that are not among those kept or leased, and what is left of unfinished ones; paths are relative to the store. */
export async function* unneededTrees(
  root: string,
  kept: ReadonlySet<string>,
  leased: ReadonlySet<string>,
): AsyncGenerator<{ readonly path: string; readonly bytes: number }> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(`${root}/trees`)) {
      if (isDirectory) names.push(name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const name of names.sort()) {
    const path = `trees/${name}`;
    const key = keyOfTree(name);
    const unneeded = name.startsWith(UNFINISHED)
      ? await isAbandoned(`${root}/${path}`)
      : key !== undefined && !kept.has(key) && !leased.has(key);
    if (unneeded) yield { path, bytes: sizeOf(`${root}/${path}`) };
  }
}

/** Removes one. It loses its name first: a tree that has it is whole. */
export async function removeTree(root: string, path: string, remove: RemoveAll = removeAll): Promise<void> {
  const gone = `${root}/trees/${UNFINISHED}${crypto.randomUUID()}`;
  await Deno.rename(`${root}/${path}`, gone);
  await remove(gone);
}
