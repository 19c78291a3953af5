/** Who may do what to an inode (man 7 path_resolution, man 7 capabilities). @module */
import { EACCES, EPERM, EROFS } from "../abi/errno.ts";
import { isDir, S_ISGID, S_ISUID, S_ISVTX, S_IXGRP } from "../abi/mode.ts";
import { MOUNT_ATTR_RDONLY } from "../abi/mount.ts";
import { R_OK, W_OK, X_OK } from "../abi/open.ts";
import {
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_FOWNER,
  CAP_FSETID,
  capableOver,
  type FsCred,
} from "./cred.ts";
import type { Mount } from "./dentry.ts";
import type { Inode } from "./inode.ts";

/** True if the caller is in a group. */
export function inGroup(cred: FsCred, gid: number): boolean {
  return cred.fsgid === gid || cred.groups.includes(gid);
}

/** Checks R_OK, W_OK, X_OK bits against an inode's mode: 0 or -EACCES. Read-only filesystems are `writable`'s subject. */
export function permission(cred: FsCred, inode: Inode, want: number): number {
  const mode = inode.mode;
  const shift = cred.fsuid === inode.uid ? 6 : inGroup(cred, inode.gid) ? 3 : 0;
  if (((mode >>> shift) & want) === want) return 0;
  if (isDir(mode)) {
    if ((want & W_OK) === 0 && capableOver(cred, inode, CAP_DAC_READ_SEARCH)) return 0;
    return capableOver(cred, inode, CAP_DAC_OVERRIDE) ? 0 : -EACCES;
  }
  // Executing needs an x bit somewhere even for root.
  if (((want & X_OK) === 0 || (mode & 0o111) !== 0) && capableOver(cred, inode, CAP_DAC_OVERRIDE)) return 0;
  return want === R_OK && capableOver(cred, inode, CAP_DAC_READ_SEARCH) ? 0 : -EACCES;
}

/** 0, or -EROFS where the mount or the filesystem is read only. */
export function writable(mount: Mount | null, inode: Inode): number {
  if (inode.sb.readOnly) return -EROFS;
  return mount !== null && (mount.flags & MOUNT_ATTR_RDONLY) !== 0 ? -EROFS : 0;
}

/** True if the caller owns the inode or may act as if. */
export function isOwner(cred: FsCred, inode: Inode): boolean {
  return cred.fsuid === inode.uid || capableOver(cred, inode, CAP_FOWNER);
}

/** May the caller remove or replace `victim` in `dir`? Write and search permission, and the sticky bit: 0, -EACCES or -EPERM. */
export function mayDelete(cred: FsCred, dir: Inode, victim: Inode): number {
  const error = permission(cred, dir, W_OK | X_OK);
  if (error < 0) return error;
  if ((dir.mode & S_ISVTX) === 0 || cred.fsuid === victim.uid || cred.fsuid === dir.uid) return 0;
  return capableOver(cred, victim, CAP_FOWNER) ? 0 : -EPERM;
}

/** Group of a new file in `dir`: the directory's when it is set-group-ID. */
export function newGroup(cred: FsCred, dir: Inode): number {
  return (dir.mode & S_ISGID) !== 0 ? dir.gid : cred.fsgid;
}

/** The mode left after content or owner changed: set-id bits go (man 2 write, man 2 chown), or the same mode. */
export function withoutSetId(cred: FsCred, inode: Inode): number {
  const mode = inode.mode;
  if ((mode & (S_ISUID | S_ISGID)) === 0 || capableOver(cred, inode, CAP_FSETID)) return mode;
  const group = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP) ? S_ISGID : 0;
  return mode & ~(S_ISUID | group);
}
