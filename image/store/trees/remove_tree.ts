/** Removes extracted layers that nothing needs. @module */
import { isAbandoned } from "../file_lock.ts";
import { keyOfTree, UNFINISHED } from "./tree_key.ts";

/** Removes a directory with all that is below it, whoever owns that. */
export type RemoveAll = (path: string) => Promise<void>;

/** As its owner, or root. */
export const removeAll: RemoveAll = (path) => Deno.remove(path, { recursive: true });

/** Bytes of the files below a directory, each counted once for every name; those that only another user may see are not. */
async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
      const path = `${directory}/${name}`;
      if (isDirectory) bytes += await sizeOf(path);
      else if (isFile) bytes += (await Deno.lstat(path)).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  return bytes;
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
    if (unneeded) yield { path, bytes: await sizeOf(`${root}/${path}`) };
  }
}

/** Removes one. It loses its name first: a tree that has it is whole. */
export async function removeTree(root: string, path: string, remove: RemoveAll = removeAll): Promise<void> {
  const gone = `${root}/trees/${UNFINISHED}${crypto.randomUUID()}`;
  await Deno.rename(`${root}/${path}`, gone);
  await remove(gone);
}
