/** Files that appear complete or not at all, whatever happens to the process or the machine in between. @module */

import { FileWriter } from "./file_writer.ts";

/** Makes a directory with those it lies in. */
export async function makeDirectory(path: string, mode?: number): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, ...mode === undefined ? {} : { mode } });
  } catch (error) {
    throw new Error(`making ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes the names in a directory last. */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return; // its file systems keep names safe themselves, and directories cannot be opened
  const directory = await Deno.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/** Where a path's last separator is; -1 if it has none. */
const lastSeparator = (path: string): number =>
  Math.max(path.lastIndexOf("/"), Deno.build.os === "windows" ? path.lastIndexOf("\\") : -1);

/** The directory that a path lies in. */
export function directoryOf(path: string): string {
  const at = lastSeparator(path);
  return at < 0 ? "." : path.slice(0, at) || "/";
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(lastSeparator(path) + 1);
}

/**
 * Writes a file from a stream: into `temporary`, which is locked meanwhile, then by rename to `path`. Nothing is left of it if the stream
 * throws.
 */
export async function writeAtomically(
  path: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  temporary: string = `${path}.${crypto.randomUUID()}`,
): Promise<void> {
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true });
    try {
      await file.lock(true);
      const out = new FileWriter(file);
      for await (const chunk of content) await out.write(chunk);
      await out.flush();
      await file.syncData();
      await Deno.rename(temporary, path);
    } finally {
      file.close();
    }
    await syncDirectory(directoryOf(path));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // renamed away, or never made
    throw error;
  }
}
