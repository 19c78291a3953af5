/** Reading files of fs/, where the caller cannot go on without them: errors are thrown. @module */
import { errnoText } from "../../fs/abi/errno_text.ts";
import { isBlk, isChr, isDir, isFifo, isLnk, isReg } from "../../fs/abi/mode.ts";
import { nameToBytes } from "../../fs/abi/name.ts";
import { O_RDONLY } from "../../fs/abi/open.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import type { TarType } from "./tar_entry.ts";

const BUFFER = 256 * 1024;

/** What a method gave, if it was no errno; else throws an error that begins with `doing`. */
export function checked<T>(result: T | number, doing: string): T {
  if (typeof result === "number") throw new Error(`${doing}: ${errnoText(-result)}`);
  return result;
}

/** By their bytes, as the index of a layer is sorted. Strings differ from that only beyond U+D7FF. */
export function compareNames(a: string, b: string): number {
  if (!/[\ud800-\uffff]/.test(a + b)) return a < b ? -1 : a > b ? 1 : 0;
  const x = nameToBytes(a), y = nameToBytes(b);
  const shorter = Math.min(x.length, y.length);
  for (let i = 0; i < shorter; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return x.length - y.length;
}

/** What an archive calls a file of this mode; undefined for a socket, which none can contain. */
export function tarTypeOf(mode: number): TarType | undefined {
  if (isReg(mode)) return "file";
  if (isDir(mode)) return "dir";
  if (isLnk(mode)) return "symlink";
  if (isChr(mode)) return "char";
  if (isBlk(mode)) return "block";
  return isFifo(mode) ? "fifo" : undefined;
}

/** Extended attributes of a file, without those that speak to overlay filesystems. */
export function inodeXattrs(inode: Inode, path: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const name of checked(inode.listxattr(), `listing the attributes of ${path}`)) {
    if (/^(trusted|user)\.overlay\./.test(name)) continue;
    found.set(name, checked(inode.getxattr(name), `reading attribute ${name} of ${path}`));
  }
  return found;
}

/** Names in a directory, in the order of changesets. */
export function inodeNames(dir: Inode, path: string): string[] {
  const stream = checked(dir.openDir(), `reading directory ${path}`);
  const names: string[] = [];
  for (let entry = stream.next(); entry !== null; entry = stream.next()) {
    names.push(checked(entry, `reading directory ${path}`).name);
  }
  return names.sort(compareNames);
}

/** Content of a regular file, each piece in a buffer of its own. */
export function* inodeContent(inode: Inode, path: string): Generator<Uint8Array> {
  const file = checked(inode.open(O_RDONLY), `opening ${path}`);
  try {
    for (let at = 0;;) {
      const buffer = new Uint8Array(Math.max(1, Math.min(BUFFER, inode.size - at)));
      const n = file.pread(buffer, 0, buffer.length, at);
      if (n < 0) throw new Error(`reading ${path}: ${errnoText(-n)}`);
      if (n === 0) return;
      yield buffer.subarray(0, n);
      at += n;
    }
  } finally {
    file.close();
  }
}
