/** Directories that umiak keeps things in: tried in a new one inside, which is gone afterwards. Nothing that might be a FIFO is opened. @module */
import { statfs } from "node:fs/promises";
import { directoryOf } from "../../../image/store/atomic_file.ts";
import { reasonOf } from "./reason.ts";
import type { DirectoryFacts } from "./types.ts";

/** What is at a path, links followed; undefined if there is nothing. */
function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The directory at a path, or the first one above it that is there. Throws an Error if something else is there. */
function nearest(path: string): string {
  for (let at = path;; at = directoryOf(at)) {
    const found = stat(at);
    if (found === undefined && at !== directoryOf(at)) continue;
    if (found?.isDirectory) return at;
    throw new Error(`${at} is not a directory`);
  }
}

/** Makes a file, gives it another name and locks it, in a directory of its own. */
function use(directory: string): void {
  const place = Deno.makeTempDirSync({ dir: directory, prefix: "umiak-doctor-" });
  try {
    Deno.writeTextFileSync(`${place}/new`, "umiak", { createNew: true });
    Deno.renameSync(`${place}/new`, `${place}/file`);
    const file = Deno.openSync(`${place}/file`, { read: true, write: true });
    try {
      if (!file.tryLockSync(true)) throw new Error("a lock on a new file is not given");
    } finally {
      file.close();
    }
  } finally {
    Deno.removeSync(place, { recursive: true });
  }
}

/** Entries of a directory that `wrong` finds something wrong with. */
function brokenEntries(path: string, wrong: (path: string, name: string) => string | undefined): string[] {
  const broken: string[] = [];
  for (const { name } of Deno.readDirSync(path)) {
    const reason = wrong(`${path}/${name}`, name);
    if (reason !== undefined) broken.push(`${name}: ${reason}`);
  }
  return broken.sort();
}

/** Says that something is not a file, or not a directory. */
export function isNot(kind: "isFile" | "isDirectory", path: string): string | undefined {
  try {
    const info = Deno.statSync(path);
    return info[kind] ? undefined : `it is not a ${kind === "isFile" ? "file" : "directory"}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? undefined : reasonOf(error);
  }
}

/** Tries one. `wrong` says what is wrong with an entry; undefined if nothing is. Where it is tried is told, too, if that can be written in. */
export async function tryDirectory(
  path: string,
  wrong: (path: string, name: string) => string | undefined,
): Promise<DirectoryFacts & { readonly place: string | undefined }> {
  const facts = { path, exists: false, failure: undefined, free: undefined, broken: [], place: undefined };
  let place: string;
  try {
    place = nearest(path);
  } catch (error) {
    return { ...facts, failure: reasonOf(error) };
  }
  const exists = place === path;
  const free = await statfs(place).then(
    ({ bavail, bsize }) => Number(bavail) * Number(bsize),
    () => undefined,
  );
  try {
    use(place);
    const broken = exists ? brokenEntries(path, wrong) : [];
    return { ...facts, exists, free, broken, place };
  } catch (error) {
    return { ...facts, exists, free, failure: `${place}: ${reasonOf(error)}` };
  }
}
