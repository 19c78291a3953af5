/** Making, removing and moving names: mkdirat, mknodat, symlinkat, linkat, unlinkat, renameat2. @module */
import {
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EOVERFLOW,
  EPERM,
  EXDEV,
} from "../abi/errno.ts";
import { isBlk, isChr, isDir, S_IFDIR, S_IFMT, S_IFREG, S_ISGID } from "../abi/mode.ts";
import {
  AT_EMPTY_PATH,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
  W_OK,
  X_OK,
} from "../abi/open.ts";
import { CAP_MKNOD, type FsCred, globallyCapable } from "./cred.ts";
import { dropChild, exchangeChildren, instantiate, moveChild } from "./dcache.ts";
import type { Dentry, Mount, VPath } from "./dentry.ts";
import type { Inode } from "./inode.ts";
import { credOn } from "./mount_idmap.ts";
import { detachMounts, isMountpoint } from "./mount_namespace.ts";
import type { PathName } from "./path_name.ts";
import { mayDelete, newGroup, permission, writable } from "./permission.ts";
import type { Caller } from "./vfs.ts";
import { lookupAt, walkToParent } from "./walk.ts";

/** Makes `path`'s name in its directory by `make`; `isDirectory` allows a trailing slash. */
function createAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  resolve: number,
  isDirectory: boolean,
  make: (dir: Inode, name: string, cred: FsCred) => Inode | number,
): number {
  const error = walkToParent(c, base, path, resolve);
  if (error < 0) return error;
  const walk = c.vfs.walk;
  if (walk.last === null) return -EEXIST;
  const { mount, dentry: parent, last } = walk;
  const child = walk.child();
  if (typeof child === "number") return child;
  if (child.inode !== null) return -EEXIST;
  if (path.mustBeDir && !isDirectory) return -ENOENT;
  const dir = parent.inode!;
  if (parent.unhashed) return -ENOENT;
  const cred = credOn(c.cred, mount);
  const denied = writable(mount, dir) || permission(cred, dir, W_OK | X_OK);
  if (denied < 0) return denied;
  if (cred.fsuid < 0 || cred.fsgid < 0) return -EOVERFLOW; // ids that the mount does not map
  const inode = make(dir, last, cred);
  if (typeof inode === "number") return inode;
  instantiate(parent, last, inode);
  return 0;
}

/** mkdirat(2). */
export function mkdirAt(c: Caller, base: VPath | null, path: PathName, mode: number, resolve = 0): number {
  return createAt(c, base, path, resolve, true, (dir, name, cred) => {
    const inherited = dir.mode & S_ISGID; // a set-group-ID directory passes the bit on (man 2 mkdir)
    return dir.mkdir(
      name,
      S_IFDIR | (mode & 0o1777 & ~c.umask) | inherited,
      cred.fsuid,
      newGroup(cred, dir),
    );
  });
}

/** mknodat(2): a regular file (also for type 0), FIFO, socket or device node. */
export function mknodAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  mode: number,
  rdev: number,
  resolve = 0,
): number {
  if (isDir(mode)) return -EPERM;
  const type = (mode & S_IFMT) || S_IFREG;
  if ((isChr(type) || isBlk(type)) && !globallyCapable(c.cred, CAP_MKNOD)) return -EPERM;
  const device = isBlk(type) ? "b" as const : isChr(type) && rdev !== 0 ? "c" as const : null; // 0:0 is a whiteout
  if (device !== null && !c.vfs.devices.allows(c, device, rdev, "m")) return -EPERM;
  return createAt(
    c,
    base,
    path,
    resolve,
    false,
    (dir, name, cred) =>
      dir.create(name, type | (mode & 0o7777 & ~c.umask), cred.fsuid, newGroup(cred, dir), rdev),
  );
}

/** symlinkat(2). */
export function symlinkAt(
  c: Caller,
  target: string,
  base: VPath | null,
  path: PathName,
  resolve = 0,
): number {
  if (target === "") return -ENOENT;
  return createAt(
    c,
    base,
    path,
    resolve,
    false,
    (dir, name, cred) => dir.symlink(name, target, cred.fsuid, newGroup(cred, dir)),
  );
}

/** linkat(2) with AT_SYMLINK_FOLLOW, AT_EMPTY_PATH. */
export function linkAt(
  c: Caller,
  oldBase: VPath | null,
  oldPath: PathName,
  newBase: VPath | null,
  newPath: PathName,
  flags: number,
  oldResolve = 0,
  newResolve = 0,
): number {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const old = lookupAt(c, oldBase, oldPath, (flags & AT_SYMLINK_FOLLOW) !== 0, oldResolve);
  if (typeof old === "number") return old;
  const source = old.dentry.inode!;
  const error = walkToParent(c, newBase, newPath, newResolve);
  if (error < 0) return error;
  const walk = c.vfs.walk;
  if (walk.last === null) return -EEXIST;
  if (walk.mount !== old.mount) return -EXDEV; // also between two mounts of one filesystem (man 2 link)
  return createAt(c, newBase, newPath, newResolve, false, (dir, name) => {
    if (isDir(source.mode)) return -EPERM;
    if (source.nlink === 0) return -ENOENT; // a file without a name stays without (unless O_TMPFILE made it)
    const result = dir.link(name, source);
    return result < 0 ? result : source;
  });
}

/** unlinkat(2): a file's name, or with AT_REMOVEDIR an empty directory. */
export function unlinkAt(c: Caller, base: VPath | null, path: PathName, flags: number, resolve = 0): number {
  const directory = (flags & AT_REMOVEDIR) !== 0;
  const error = walkToParent(c, base, path, resolve);
  if (error < 0) return error;
  const walk = c.vfs.walk;
  if (walk.last === null) {
    if (!directory) return -EISDIR;
    const name = path.parts[path.parts.length - 1];
    return name === undefined ? -EBUSY : name === ".." ? -ENOTEMPTY : -EINVAL;
  }
  const { mount, dentry: parent } = walk;
  const child = walk.child();
  if (typeof child === "number") return child;
  if (child.inode === null) return -ENOENT;
  if (walk.mount !== mount) return directory ? -EBUSY : isDir(child.inode.mode) ? -EISDIR : -EBUSY; // a mount point
  const dir = parent.inode!;
  if (!directory && path.mustBeDir) return isDir(child.inode.mode) ? -EISDIR : -ENOTDIR;
  const denied = writable(mount, dir) || mayDelete(credOn(c.cred, mount), dir, child.inode);
  if (denied < 0) return denied;
  if (directory !== isDir(child.inode.mode)) return directory ? -ENOTDIR : -EISDIR;
  if (isMountpoint(child, c.mountNs)) return -EBUSY;
  const result = directory ? dir.rmdir(child.name) : dir.unlink(child.name);
  if (result < 0) return result;
  const inode = child.inode;
  dropChild(child);
  if (child.mounted > 0) detachMounts(child);
  if (inode.nlink === 0 && inode.openCount === 0) inode.evict();
  return 0;
}

/** True if `above` is `dentry` or one of its ancestors in the same filesystem. */
function isAncestor(above: Dentry, dentry: Dentry): boolean {
  for (let at = dentry;; at = at.parent) {
    if (at === above) return true;
    if (at.isRoot) return false;
  }
}

/** A name to be moved, as the walk found it. */
interface Moving {
  mount: Mount;
  parent: Dentry;
  child: Dentry;
}

function findMoving(c: Caller, base: VPath | null, path: PathName, resolve: number): Moving | number {
  const error = walkToParent(c, base, path, resolve);
  if (error < 0) return error;
  const walk = c.vfs.walk;
  if (walk.last === null) return -EBUSY;
  const { mount, dentry: parent } = walk;
  const child = walk.child();
  if (typeof child === "number") return child;
  return walk.mount === mount ? { mount, parent, child } : -EBUSY; // a mount point
}

/** renameat2(2). */
export function renameAt(
  c: Caller,
  oldBase: VPath | null,
  oldPath: PathName,
  newBase: VPath | null,
  newPath: PathName,
  flags: number,
  oldResolve = 0,
  newResolve = 0,
): number {
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) !== 0) return -EINVAL;
  const exchange = (flags & RENAME_EXCHANGE) !== 0;
  if (exchange && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) !== 0) return -EINVAL;
  const from = findMoving(c, oldBase, oldPath, oldResolve);
  if (typeof from === "number") return from;
  const to = findMoving(c, newBase, newPath, newResolve);
  if (typeof to === "number") return to;
  if (from.mount !== to.mount) return -EXDEV;
  const source = from.child.inode, target = to.child.inode;
  if (source === null) return -ENOENT;
  if (target !== null && (flags & RENAME_NOREPLACE) !== 0) return -EEXIST;
  if (target === null && exchange) return -ENOENT;
  // A trailing slash names a directory: the source must be one, and so must what an exchange brings there.
  if (!isDir(source.mode) && (oldPath.mustBeDir || (!exchange && newPath.mustBeDir))) return -ENOTDIR;
  if (exchange && !isDir(target!.mode) && newPath.mustBeDir) return -ENOTDIR;
  if (isAncestor(from.child, to.parent)) return -EINVAL;
  if (isAncestor(to.child, from.parent)) return exchange ? -EINVAL : -ENOTEMPTY;
  if (to.parent.unhashed) return -ENOENT;
  const denied = mayRename(c, from, to, exchange);
  if (denied < 0) return denied;
  if (source === target) return 0; // two names of one file: nothing to do (man 2 rename)
  if (isMountpoint(from.child, c.mountNs) || isMountpoint(to.child, c.mountNs)) return -EBUSY;
  if (target !== null && !exchange) {
    if (isDir(source.mode) && !isDir(target.mode)) return -ENOTDIR;
    if (!isDir(source.mode) && isDir(target.mode)) return -EISDIR;
  }
  const result = from.parent.inode!.rename(from.child.name, to.parent.inode!, to.child.name, flags);
  if (result < 0) return result;
  if (exchange) {
    exchangeChildren(from.child, to.child);
    return 0;
  }
  moveChild(from.child, to.parent, to.child.name);
  if (to.child.mounted > 0) detachMounts(to.child);
  if (target !== null && target.nlink === 0 && target.openCount === 0) target.evict();
  return 0;
}

function mayRename(c: Caller, from: Moving, to: Moving, exchange: boolean): number {
  const fromDir = from.parent.inode!, toDir = to.parent.inode!;
  const source = from.child.inode!, target = to.child.inode;
  const cred = credOn(c.cred, from.mount); // both are of one mount
  let error = writable(from.mount, fromDir) || mayDelete(cred, fromDir, source);
  if (error < 0) return error;
  error = target === null ? permission(cred, toDir, W_OK | X_OK) : mayDelete(cred, toDir, target);
  if (error < 0) return error;
  // A directory that changes its parent is itself written: its ".." changes.
  if (fromDir !== toDir) {
    if (isDir(source.mode)) error = permission(cred, source, W_OK);
    if (error === 0 && exchange && isDir(target!.mode)) error = permission(cred, target!, W_OK);
  }
  return error;
}
