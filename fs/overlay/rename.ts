/** rename(2) in an overlay: within the upper tree, with everything that moves copied up before. @module */
import { EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY } from "../abi/errno.ts";
import { isDir } from "../abi/mode.ts";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../abi/open.ts";
import { MergedStream } from "./dir_stream.ts";
import type { OverlayInode } from "./inode.ts";

/**
 * Copies up a file, or a directory with all that is in it: afterwards nothing of it depends on lower trees. Linux answers EXDEV
 * for a merged directory and leaves the copying to the program; programs for WASI seldom do it.
 */
export function copyUpTree(inode: OverlayInode): number {
  const error = inode.copyUp();
  if (error < 0 || !isDir(inode.mode) || inode.lowers.length === 0) return error;
  const stream = new MergedStream(inode);
  const names: string[] = [];
  for (let entry = stream.next(); entry !== null; entry = stream.next()) {
    if (typeof entry === "number") return entry;
    names.push(entry.name);
  }
  for (const name of names) {
    const child = inode.lookup(name);
    const failed = typeof child === "number" ? child : copyUpTree(child);
    if (failed < 0) return failed;
  }
  const opaque = inode.makeOpaque();
  if (opaque < 0) return opaque;
  inode.clearWhiteouts();
  inode.lowers = [];
  return 0;
}

/** May `source` take the place of `target`? man 2 rename. */
function replaceable(source: OverlayInode, target: OverlayInode): number {
  if (!isDir(target.mode)) return isDir(source.mode) ? -ENOTDIR : 0;
  if (!isDir(source.mode)) return -EISDIR;
  return target.isEmpty() ? 0 : -ENOTEMPTY;
}

/** Does a lower tree have the name, hidden or not? */
function isBelow(dir: OverlayInode, name: string): boolean {
  return dir.lowers.some((lower) => typeof lower.lookup(name) !== "number");
}

/** See the module's comment. */
export function renameIn(
  from: OverlayInode,
  oldName: string,
  to: OverlayInode,
  newName: string,
  flags: number,
): number {
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) !== 0) return -EINVAL;
  const source = from.lookup(oldName);
  if (typeof source === "number") return source;
  const found = to.lookup(newName);
  if (typeof found === "number" && found !== -ENOENT) return found;
  const target = typeof found === "number" ? null : found;
  if (to.nlink === 0) return -ENOENT;
  if ((flags & RENAME_EXCHANGE) !== 0) {
    return target === null ? -ENOENT : exchange(from, oldName, source, to, newName, target);
  }
  if (target !== null) {
    if ((flags & RENAME_NOREPLACE) !== 0) return -EEXIST;
    if (target === source) return 0; // two links of one file: nothing is done
    const error = replaceable(source, target);
    if (error < 0) return error;
  }
  source.seenAt(from, oldName);
  const error = to.copyUp() || copyUpTree(source) ||
    (isDir(source.mode) && isBelow(to, newName) ? source.makeOpaque() : 0);
  return error < 0 ? error : move(from, oldName, source, to, newName, target);
}

function move(
  from: OverlayInode,
  oldName: string,
  source: OverlayInode,
  to: OverlayInode,
  newName: string,
  target: OverlayInode | null,
): number {
  const upperTo = to.upper!;
  const there = upperTo.lookup(newName);
  if (target === null && typeof there !== "number") {
    upperTo.unlink(newName); // a whiteout
    there.evict();
  } else target?.clearWhiteouts();
  const error = from.upper!.rename(oldName, upperTo, newName, 0);
  if (error < 0) {
    if (target === null && to.shadows(newName)) to.putWhiteout(newName);
    return error;
  }
  if (target !== null) {
    if (isDir(target.mode)) target.nlink = 0;
    else target.lostName();
  }
  source.seenAt(to, newName);
  return from.shadows(oldName) ? from.putWhiteout(oldName) : 0;
}

function exchange(
  from: OverlayInode,
  oldName: string,
  source: OverlayInode,
  to: OverlayInode,
  newName: string,
  target: OverlayInode,
): number {
  if (source === target) return 0;
  source.seenAt(from, oldName);
  target.seenAt(to, newName);
  let error = copyUpTree(source) || copyUpTree(target);
  if (error === 0 && isDir(source.mode) && isBelow(to, newName)) error = source.makeOpaque();
  if (error === 0 && isDir(target.mode) && isBelow(from, oldName)) error = target.makeOpaque();
  if (error === 0) error = from.upper!.rename(oldName, to.upper!, newName, RENAME_EXCHANGE);
  if (error < 0) return error;
  source.seenAt(to, newName);
  target.seenAt(from, oldName);
  return 0;
}
