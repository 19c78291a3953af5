/** Directories for what is needed for a while. What a killed process has left, the next one removes. @module */
import { dirname } from "node:path";
import { isAbandoned } from "./file_lock.ts";

/** Its lock, which dies with its maker. */
const LOCK = ".lock";
/** A directory younger than this may be on its way to having a lock. */
const YOUNG_MS = 60_000;

/** A directory that is gone when it is closed. */
export interface TemporaryDirectory {
  /** Where it is. */
  readonly path: string;
  /** Removes it with all that is in it. */
  close(): Promise<void>;
}

/** Removes directories of that prefix whose makers have died. Only one's own: in a shared directory a name says nothing. */
async function sweep(parent: string, prefix: string): Promise<void> {
  const own = Deno.build.os === "windows" ? null : Deno.uid();
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith(prefix)) continue;
    const path = `${parent}/${name}`;
    try {
      const { uid, mtime } = await Deno.lstat(path);
      const isOld = mtime !== null && Date.now() - mtime.getTime() > YOUNG_MS;
      if (uid === own && isOld && await isAbandoned(`${path}/${LOCK}`)) {
        await Deno.remove(path, { recursive: true });
      }
    } catch {
      // Somebody else has swept, or may not be disturbed.
    }
  }
}

/** Makes a directory below `parent`, by default the system's for temporary files. */
export async function temporaryDirectory(prefix: string, parent?: string): Promise<TemporaryDirectory> {
  const path = await Deno.makeTempDir({ prefix, ...parent === undefined ? {} : { dir: parent } });
  const lock = await Deno.open(`${path}/${LOCK}`, { createNew: true, read: true, write: true });
  await lock.tryLock(true);
  await sweep(dirname(path), prefix);
  return {
    path,
    close: async () => {
      lock.close();
      await Deno.remove(path, { recursive: true }).catch(() => {}); // it is swept later
    },
  };
}
