/** The files of an image as its containers first see them: `umiak image ls-files`. @module */
import { isDir, isLnk } from "../fs/abi/mode.ts";
import { Stat } from "../fs/abi/stat.ts";
import type { Inode } from "../fs/vfs/inode.ts";

/** One file. */
export interface ListedFile {
  /** Path from the root. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly rdev: number;
  readonly mtimeSec: number;
  /** Target of a symbolic link. */
  readonly target?: string;
}

/** Walks a tree, each directory's names in order. The root itself is not listed. */
export function* listFiles(dir: Inode, prefix = ""): Generator<ListedFile> {
  const stream = dir.openDir();
  if (typeof stream === "number") throw new Error(`reading directory ${prefix || "/"}: errno ${-stream}`);
  const names: string[] = [];
  for (let entry = stream.next(); entry !== null; entry = stream.next()) {
    if (typeof entry === "number") throw new Error(`reading directory ${prefix || "/"}: errno ${-entry}`);
    names.push(entry.name);
  }
  const stat = new Stat();
  for (const name of names.sort()) {
    const inode = dir.lookup(name);
    if (typeof inode === "number" || inode.getattr(stat) < 0) continue;
    const { mode, uid, gid, size, rdev, mtimeSec } = stat;
    const path = `${prefix}/${name}`;
    const target = isLnk(mode) ? inode.readlink() : undefined;
    yield { path, mode, uid, gid, size, rdev, mtimeSec, ...(typeof target === "string" ? { target } : {}) };
    if (isDir(mode)) yield* listFiles(inode, path);
  }
}
