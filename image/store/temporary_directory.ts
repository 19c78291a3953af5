/** Directories for what is needed for a while. What a killed process has left, the next one removes. @module */
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
  close(): void;
}

/** Removes directories below `parent` of that prefix whose makers have died. Only one's own: in a shared place a name says nothing. */
export async function sweepTemporaries(parent: string, prefix: string): Promise<void> {
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

/** Makes a directory of that name, for its maker alone. */
export function makeTemporary(path: string): TemporaryDirectory {
  Deno.mkdirSync(path, { mode: 0o700 });
  const lock = Deno.openSync(`${path}/${LOCK}`, { createNew: true, read: true, write: true });
  lock.tryLockSync(true);
  return {
    path,
    close: () => {
      lock.close();
      try {
        Deno.removeSync(path, { recursive: true });
      } catch {
        // The next one sweeps it.
      }
    },
  };
}

/** The system's directory for what is temporary. */
function systemDirectory(): string {
  const named = ["TMPDIR", "TMP", "TEMP"].map((name) => Deno.env.get(name)).find((path) => path);
  const usual = Deno.build.os === "windows" ? `${Deno.env.get("SYSTEMROOT") ?? "C:\\Windows"}\\Temp` : "/tmp";
  return (named ?? usual).replace(/(?<=.)\/$/, "");
}

/** Makes a directory whose name begins with `prefix`, and sweeps. Below the system's directory for such things unless told where. */
export async function temporaryDirectory(
  prefix: string,
  parent: string = systemDirectory(),
): Promise<TemporaryDirectory> {
  const made = makeTemporary(`${parent}/${prefix}${crypto.randomUUID()}`);
  await sweepTemporaries(parent, prefix).catch(() => {}); // a directory that cannot be listed can still be written in
  return made;
}
