/** Removes extracted layers that nothing needs. @module */
import { isAbandoned } from "../file_lock.ts";
import { UNFINISHED } from "./tree_cache.ts";
import { isTreeKey } from "./tree_key.ts";

/** Bytes of the files below a directory, each counted once for every name. */
async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) bytes += await sizeOf(path);
    else if (isFile) bytes += (await Deno.lstat(path)).size;
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
    const unneeded = name.startsWith(UNFINISHED)
      ? await isAbandoned(`${root}/${path}`)
      : isTreeKey(name) && !kept.has(name) && !leased.has(name);
    if (unneeded) yield { path, bytes: await sizeOf(`${root}/${path}`) };
  }
}

/** Removes one. It loses its name first: a tree that has it is whole. */
export async function removeTree(root: string, path: string): Promise<void> {
  const gone = `${root}/trees/${UNFINISHED}${crypto.randomUUID()}`;
  await Deno.rename(`${root}/${path}`, gone);
  await Deno.remove(gone, { recursive: true });
}
