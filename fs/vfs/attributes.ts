/** Reading and changing attributes: stat, chmod, chown, utimensat, truncate, access, readlink, statfs. @module */
import { EBADF, EINVAL, EISDIR, EPERM } from "../abi/errno.ts";
import { isDir, isLnk, isReg, S_ISGID, S_IXGRP } from "../abi/mode.ts";
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_NO_AUTOMOUNT,
  AT_SYMLINK_NOFOLLOW,
  O_PATH,
  R_OK,
  W_OK,
  X_OK,
} from "../abi/open.ts";
import type { Stat, Statfs, Timespec } from "../abi/stat.ts";
import { CAP_CHOWN, CAP_FSETID, capableOver, type CredIdMaps, type FsCred } from "./cred.ts";
import type { Mount, VPath } from "./dentry.ts";
import type { Inode, SetAttr } from "./inode.ts";
import { credOn } from "./mount_idmap.ts";
import type { OpenFile } from "./open_file.ts";
import type { PathName } from "./path_name.ts";
import { inGroup, isOwner, permission, withoutSetId, writable } from "./permission.ts";
import type { Caller } from "./vfs.ts";

/** A time to set: a point, the present, or leave it. */
export type TimeChange = Timespec | "now" | "omit";

/** Walks to an inode; the result is in `c.vfs.walk`. */
function find(c: Caller, base: VPath | null, path: PathName, follow: boolean, resolve: number): number {
  const walk = c.vfs.walk;
  walk.begin(c, base, resolve);
  return walk.run(path, follow, false);
}

/** fstatat(2). AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT. */
export function statAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  flags: number,
  out: Stat,
  resolve = 0,
): number {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) !== 0) return -EINVAL;
  const error = find(c, base, path, (flags & AT_SYMLINK_NOFOLLOW) === 0, resolve);
  if (error < 0) return error;
  const result = c.vfs.walk.dentry.inode!.getattr(out);
  const { idMaps } = credOn(c.cred, c.vfs.walk.mount);
  if (idMaps) showIds(idMaps, out);
  return result;
}

/** The owner as the caller's user namespace has it (man 7 user_namespaces, "Interaction with system calls"). */
function showIds(maps: CredIdMaps, out: Stat): void {
  out.uid = maps.uids.shown(out.uid);
  out.gid = maps.gids.shown(out.gid);
}

/** fstat(2). The owner is as `c` sees it, or the kernel's own. */
export function fstat(file: OpenFile, out: Stat, c?: Caller): number {
  const result = file.inode.getattr(out);
  const idMaps = c === undefined ? null : credOn(c.cred, file.mount).idMaps;
  if (idMaps) showIds(idMaps, out);
  return result;
}

/** readlinkat(2): the target, or -EINVAL if it is no link. */
export function readlinkAt(c: Caller, base: VPath | null, path: PathName, resolve = 0): string | number {
  const error = find(c, base, path, false, resolve);
  if (error < 0) return error;
  const inode = c.vfs.walk.dentry.inode!;
  return isLnk(inode.mode) ? inode.readlink() : -EINVAL;
}

/** faccessat2(2) with F_OK or R_OK | W_OK | X_OK; ids are the filesystem's, which are the effective ones. */
export function accessAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  mode: number,
  flags: number,
  resolve = 0,
): number {
  if ((mode & ~(R_OK | W_OK | X_OK)) !== 0) return -EINVAL;
  if ((flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const error = find(c, base, path, (flags & AT_SYMLINK_NOFOLLOW) === 0, resolve);
  if (error < 0) return error;
  const { mount, dentry } = c.vfs.walk;
  const inode = dentry.inode!;
  if ((mode & W_OK) !== 0 && (isReg(inode.mode) || isDir(inode.mode))) {
    const readOnly = writable(mount, inode);
    if (readOnly < 0) return readOnly;
  }
  return permission(credOn(c.cred, mount), inode, mode);
}

/** statfs(2). */
export function statfsAt(c: Caller, base: VPath | null, path: PathName, out: Statfs, resolve = 0): number {
  const error = find(c, base, path, true, resolve);
  return error < 0 ? error : c.vfs.walk.dentry.sb.statfs(out);
}

function changeMode(c: Caller, mount: Mount | null, inode: Inode, mode: number): number {
  const error = inode.refresh() || writable(mount, inode);
  if (error < 0) return error;
  const cred = credOn(c.cred, mount);
  if (!isOwner(cred, inode)) return -EPERM;
  // Outside its group nobody makes a file set-group-ID (man 2 chmod).
  const keep = inGroup(cred, inode.gid) || capableOver(cred, inode, CAP_FSETID) ? mode : mode & ~S_ISGID;
  return inode.setattr({ mode: keep & 0o7777 });
}

/** fchmodat(2). */
export function chmodAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  mode: number,
  flags: number,
  resolve = 0,
): number {
  const error = find(c, base, path, (flags & AT_SYMLINK_NOFOLLOW) === 0, resolve);
  if (error < 0) return error;
  return changeMode(c, c.vfs.walk.mount, c.vfs.walk.dentry.inode!, mode);
}

/** fchmod(2). */
export function fchmod(c: Caller, file: OpenFile, mode: number): number {
  return (file.flags & O_PATH) !== 0 ? -EBADF : changeMode(c, file.mount, file.inode, mode);
}

function changeOwner(c: Caller, mount: Mount | null, inode: Inode, uid: number, gid: number): number {
  const error = inode.refresh() || writable(mount, inode);
  if (error < 0) return error;
  const cred = credOn(c.cred, mount);
  const maps = cred.idMaps ?? null;
  if (maps !== null) {
    if (uid !== -1 && (uid = maps.uids.toKernel(uid)) < 0) return -EINVAL;
    if (gid !== -1 && (gid = maps.gids.toKernel(gid)) < 0) return -EINVAL;
  }
  const newUid = uid === -1 ? inode.uid : uid, newGid = gid === -1 ? inode.gid : gid;
  if (!capableOver(cred, inode, CAP_CHOWN)) {
    if (newUid !== inode.uid || cred.fsuid !== inode.uid) return -EPERM;
    if (newGid !== inode.gid && !inGroup(cred, newGid)) return -EPERM;
  }
  const attr: SetAttr = { uid: newUid, gid: newGid };
  const mode = isDir(inode.mode) ? inode.mode : chownMode(cred, inode);
  if (mode !== inode.mode) attr.mode = mode & 0o7777;
  return inode.setattr(attr);
}

/** man 2 chown: set-id bits go, also for root, except set-group-ID without group execution (mandatory locking). */
function chownMode(cred: FsCred, inode: Inode): number {
  const mode = withoutSetId(cred, inode) & ~0o4000;
  return (mode & S_IXGRP) !== 0 ? mode & ~S_ISGID : mode;
}

/** fchownat(2); -1 leaves an id. */
export function chownAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  uid: number,
  gid: number,
  flags: number,
  resolve = 0,
): number {
  const error = find(c, base, path, (flags & AT_SYMLINK_NOFOLLOW) === 0, resolve);
  if (error < 0) return error;
  return changeOwner(c, c.vfs.walk.mount, c.vfs.walk.dentry.inode!, uid, gid);
}

/** fchown(2). */
export function fchown(c: Caller, file: OpenFile, uid: number, gid: number): number {
  return (file.flags & O_PATH) !== 0 ? -EBADF : changeOwner(c, file.mount, file.inode, uid, gid);
}

function changeTimes(
  c: Caller,
  mount: Mount | null,
  inode: Inode,
  atime: TimeChange,
  mtime: TimeChange,
): number {
  if (atime === "omit" && mtime === "omit") return 0;
  const error = inode.refresh() || writable(mount, inode);
  if (error < 0) return error;
  const cred = credOn(c.cred, mount);
  if (!isOwner(cred, inode)) {
    // Both to the present needs only write permission; anything else needs the owner (man 2 utimensat).
    if (atime !== "now" || mtime !== "now") return -EPERM;
    const denied = permission(cred, inode, W_OK);
    if (denied < 0) return denied;
  }
  const ms = c.vfs.clock.now();
  const sec = Math.floor(ms / 1000);
  const now: Timespec = { sec, nsec: Math.floor((ms - sec * 1000) * 1e6) };
  const attr: SetAttr = {};
  if (atime !== "omit") attr.atime = atime === "now" ? now : atime;
  if (mtime !== "omit") attr.mtime = mtime === "now" ? now : mtime;
  return inode.setattr(attr);
}

/** utimensat(2). */
export function utimensAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  atime: TimeChange,
  mtime: TimeChange,
  flags: number,
  resolve = 0,
): number {
  const error = find(c, base, path, (flags & AT_SYMLINK_NOFOLLOW) === 0, resolve);
  if (error < 0) return error;
  return changeTimes(c, c.vfs.walk.mount, c.vfs.walk.dentry.inode!, atime, mtime);
}

/** futimens(3). */
export function futimens(c: Caller, file: OpenFile, atime: TimeChange, mtime: TimeChange): number {
  return (file.flags & O_PATH) !== 0 ? -EBADF : changeTimes(c, file.mount, file.inode, atime, mtime);
}

function changeSize(cred: FsCred, inode: Inode, size: number): number {
  const mode = withoutSetId(cred, inode);
  return inode.setattr(mode === inode.mode ? { size } : { size, mode: mode & 0o7777 });
}

/** truncate(2). */
export function truncateAt(c: Caller, base: VPath | null, path: PathName, size: number, resolve = 0): number {
  const error = find(c, base, path, true, resolve);
  if (error < 0) return error;
  const { mount, dentry } = c.vfs.walk;
  const inode = dentry.inode!;
  if (isDir(inode.mode)) return -EISDIR;
  if (!isReg(inode.mode) || size < 0) return -EINVAL;
  const cred = credOn(c.cred, mount);
  const denied = writable(mount, inode) || permission(cred, inode, W_OK);
  return denied < 0 ? denied : changeSize(cred, inode, size);
}

/** ftruncate(2): the file must be open for writing and regular. */
export function ftruncate(c: Caller, file: OpenFile, size: number): number {
  if (!file.writable || size < 0 || !isReg(file.inode.mode)) return -EINVAL;
  const cred = credOn(c.cred, file.mount);
  const mode = withoutSetId(cred, file.inode);
  return mode === file.inode.mode ? file.truncate(size) : changeSize(cred, file.inode, size);
}
