/** Copying a tree from one directory to another: what tmpcopyup fills a tmpfs with. @module */
import { ELOOP } from "../../../fs/abi/errno.ts";
import { isDir, isLnk, isReg } from "../../../fs/abi/mode.ts";
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } from "../../../fs/abi/open.ts";
import type { VPath } from "../../../fs/vfs/dentry.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import {
  lookupAt,
  mkdirAt,
  mknodAt,
  openAt,
  openPath,
  parsePath,
  type PathName,
  symlinkAt,
} from "../../../fs/vfs/mod.ts";
import type { Caller } from "../../../fs/vfs/vfs.ts";

const BUFFER = 65536;
/** How deep trees may be: as many names as fit in a path. */
const MAX_DEPTH = 2048;

/** Copies what is below `from` to below `to`, other mounts left out: 0, or the first negative errno. */
export function copyBelow(c: Caller, from: VPath, to: VPath, depth = 0): number {
  if (depth > MAX_DEPTH) return -ELOOP;
  const stream = from.dentry.inode!.openDir();
  if (typeof stream === "number") return stream;
  for (;;) {
    const entry = stream.next();
    if (entry === null) return attributes(from.dentry.inode!, to.dentry.inode!);
    if (typeof entry === "number") return entry;
    const name = parsePath(entry.name);
    if (typeof name === "number") return name;
    const error = copyEntry(c, from, to, name, depth);
    if (error < 0) return error;
  }
}

function copyEntry(c: Caller, from: VPath, to: VPath, name: PathName, depth: number): number {
  const source = lookupAt(c, from, name, false);
  if (typeof source === "number") return source;
  const inode = source.dentry.inode!;
  const error = make(c, source, to, name);
  if (error < 0) return error;
  const made = lookupAt(c, to, name, false);
  if (typeof made === "number") return made;
  if (isDir(inode.mode) && source.mount === from.mount) return copyBelow(c, source, made, depth + 1);
  return attributes(inode, made.dentry.inode!);
}

function make(c: Caller, source: VPath, to: VPath, name: PathName): number {
  const inode = source.dentry.inode!;
  const stale = inode.refresh();
  if (stale < 0) return stale;
  if (isDir(inode.mode)) return mkdirAt(c, to, name, 0o700);
  if (isLnk(inode.mode)) {
    const target = inode.readlink();
    return typeof target === "number" ? target : symlinkAt(c, target, to, name);
  }
  return isReg(inode.mode) ? copyFile(c, source, to, name) : mknodAt(c, to, name, inode.mode, inode.rdev);
}

function copyFile(c: Caller, source: VPath, to: VPath, name: PathName): number {
  const input = openPath(c, source, O_RDONLY);
  if (typeof input === "number") return input;
  const output = openAt(c, to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  if (typeof output === "number") {
    input.close();
    return output;
  }
  const buffer = new Uint8Array(BUFFER);
  let n = 0;
  do {
    n = input.read(buffer, 0, BUFFER);
    for (let at = 0; at < n;) {
      const written = output.write(buffer, at, n - at);
      if (written <= 0) {
        n = written;
        break;
      }
      at += written;
    }
  } while (n > 0);
  input.close();
  output.close();
  return n;
}

/** Owner, permissions, extended attributes and times. */
function attributes(from: Inode, to: Inode): number {
  for (const name of namesOf(from)) {
    const value = from.getxattr(name);
    if (typeof value !== "number") to.setxattr(name, value, 0);
  }
  const times = {
    atime: { sec: from.atimeSec, nsec: from.atimeNsec },
    mtime: { sec: from.mtimeSec, nsec: from.mtimeNsec },
  };
  const owner = to.setattr({ uid: from.uid, gid: from.gid });
  if (owner < 0) return owner;
  return to.setattr(isLnk(from.mode) ? times : { mode: from.mode & 0o7777, ...times });
}

function namesOf(inode: Inode): readonly string[] {
  const names = inode.listxattr();
  return typeof names === "number" ? [] : names;
}
