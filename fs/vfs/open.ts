/** openat(2) and openat2(2). @module */
import {
  EACCES,
  EBADF,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  ENXIO,
  EOVERFLOW,
  EPERM,
} from "../abi/errno.ts";
import { isBlk, isChr, isDir, isFifo, isLnk, isReg, S_IFREG } from "../abi/mode.ts";
import { MOUNT_ATTR_NODEV } from "../abi/mount.ts";
import {
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOATIME,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  R_OK,
  W_OK,
  X_OK,
} from "../abi/open.ts";
import { instantiate } from "./dcache.ts";
import type { FsCred } from "./cred.ts";
import { Dentry, type Mount, type VPath } from "./dentry.ts";
import type { Inode } from "./inode.ts";
import { credOn } from "./mount_idmap.ts";
import { DirFile, OpenFile } from "./open_file.ts";
import type { PathName } from "./path_name.ts";
import { isOwner, newGroup, permission, withoutSetId, writable } from "./permission.ts";
import { openFifo } from "./pipe.ts";
import type { Caller } from "./vfs.ts";

/** A reference to a place in the tree, not opened for I/O (O_PATH). */
export class PathFile extends OpenFile {
  /** See OpenFile. */
  override read(): number {
    return -EBADF;
  }
  /** See OpenFile. */
  override write(): number {
    return -EBADF;
  }
  /** See OpenFile. */
  override pread(): number {
    return -EBADF;
  }
  /** See OpenFile. */
  override pwrite(): number {
    return -EBADF;
  }
  /** See OpenFile. */
  override seek(): number {
    return -EBADF;
  }
}

/** O_TMPFILE without the O_DIRECTORY bit it contains. */
const TMPFILE_BIT = O_TMPFILE & ~O_DIRECTORY;

/** Opens a path. The open file, or a negative errno. */
export function openAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  flags: number,
  mode: number,
  resolve = 0,
): OpenFile | number {
  const walk = c.vfs.walk;
  walk.begin(c, base, resolve);
  if ((flags & TMPFILE_BIT) !== 0) return openTmpfile(c, path, flags, mode);
  if ((flags & O_CREAT) === 0 || (flags & O_PATH) !== 0) {
    const error = walk.run(path, (flags & O_NOFOLLOW) === 0, false);
    return error < 0 ? error : openFound(c, walk.mount, walk.dentry, flags);
  }
  if ((flags & O_DIRECTORY) !== 0) return -EINVAL; // man 2 open, BUGS: the pair never made a directory
  return openOrCreate(c, path, flags, mode);
}

/** Opens a place that has been looked up already. */
export function openPath(c: Caller, at: VPath, flags: number): OpenFile | number {
  return openFound(c, at.mount, at.dentry, flags);
}

function openOrCreate(c: Caller, first: PathName, flags: number, mode: number): OpenFile | number {
  const walk = c.vfs.walk;
  let path = first;
  for (;;) {
    const error = walk.run(path, false, true);
    if (error < 0) return error;
    if (walk.last === null) return -EISDIR; // "dir/..", "/": cannot be created
    const parent = walk.dentry.inode!;
    if (!isDir(parent.mode)) return -ENOTDIR;
    const denied = permission(credOn(c.cred, walk.mount), parent, X_OK);
    if (denied < 0) return denied;
    if (path.mustBeDir) return -EISDIR; // "name/", whatever it is
    const { mount, dentry, last } = walk;
    const child = walk.child();
    if (typeof child === "number") return child;
    if (child.inode === null) {
      return create(c, mount, dentry, last, flags, mode);
    }
    if ((flags & O_EXCL) !== 0) return -EEXIST;
    if (isLnk(child.inode.mode)) {
      if ((flags & O_NOFOLLOW) !== 0) return -ELOOP;
      const next = walk.followLast(child);
      if (typeof next === "number") {
        if (next < 0) return next;
        return openFound(c, walk.mount, walk.dentry, flags);
      }
      path = next;
      continue;
    }
    return openFound(c, walk.mount, child, flags);
  }
}

function create(
  c: Caller,
  mount: Mount,
  parent: Dentry,
  name: string,
  flags: number,
  mode: number,
): OpenFile | number {
  const dir = parent.inode!;
  if (parent.unhashed) return -ENOENT;
  const cred = credOn(c.cred, mount);
  const error = writable(mount, dir) || permission(cred, dir, W_OK | X_OK);
  if (error < 0) return error;
  if (cred.fsuid < 0 || cred.fsgid < 0) return -EOVERFLOW; // ids that the mount does not map
  const inode = dir.create(
    name,
    S_IFREG | (mode & 0o7777 & ~c.umask),
    cred.fsuid,
    newGroup(cred, dir),
    0,
  );
  if (typeof inode === "number") return inode;
  // The creator may open it whatever the mode says (man 2 open, O_CREAT).
  return finish(inode.open(flags & ~(O_CREAT | O_EXCL | O_TRUNC)), mount, instantiate(parent, name, inode));
}

function openTmpfile(c: Caller, path: PathName, flags: number, mode: number): OpenFile | number {
  if ((flags & O_ACCMODE) === O_RDONLY) return -EINVAL;
  const walk = c.vfs.walk;
  const error = walk.run(path, true, false);
  if (error < 0) return error;
  const { mount, dentry } = walk;
  const dir = dentry.inode!;
  if (!isDir(dir.mode)) return -ENOTDIR;
  const cred = credOn(c.cred, mount);
  const denied = writable(mount, dir) || permission(cred, dir, W_OK | X_OK);
  if (denied < 0) return denied;
  if (cred.fsuid < 0 || cred.fsgid < 0) return -EOVERFLOW;
  const inode = dir.tmpfile(S_IFREG | (mode & 0o7777 & ~c.umask), cred.fsuid, newGroup(cred, dir));
  if (typeof inode === "number") return inode;
  const unnamed = new Dentry(dentry.sb, `#${inode.ino}`, dentry, inode);
  unnamed.unhashed = true;
  return finish(inode.open(flags & ~(TMPFILE_BIT | O_DIRECTORY | O_EXCL)), mount, unnamed);
}

function finish(file: OpenFile | number, mount: Mount, dentry: Dentry): OpenFile | number {
  if (typeof file === "number") return file;
  file.mount = mount;
  file.dentry = dentry;
  return file;
}

function openFound(c: Caller, mount: Mount, dentry: Dentry, flags: number): OpenFile | number {
  const inode = dentry.inode!;
  const stale = inode.refresh();
  if (stale < 0) return stale;
  const mode = inode.mode;
  if ((flags & O_DIRECTORY) !== 0 && !isDir(mode)) return -ENOTDIR;
  if ((flags & O_PATH) !== 0) return finish(new PathFile(inode, O_PATH), mount, dentry);
  if (isLnk(mode)) return -ELOOP;
  const access = flags & O_ACCMODE;
  const wantsWrite = access !== O_RDONLY || (flags & O_TRUNC) !== 0;
  if (isDir(mode) && (wantsWrite || (flags & O_CREAT) !== 0)) return -EISDIR;
  const special = isChr(mode) || isBlk(mode);
  if (special && (mount.flags & MOUNT_ATTR_NODEV) !== 0) return -EACCES;
  if (wantsWrite && isReg(mode)) {
    const readOnly = writable(mount, inode);
    if (readOnly < 0) return readOnly;
  }
  const want = (access === O_WRONLY ? 0 : R_OK) | (wantsWrite ? W_OK : 0);
  const cred = credOn(c.cred, mount);
  const denied = permission(cred, inode, want);
  if (denied < 0) return denied;
  if ((flags & O_NOATIME) !== 0 && !isOwner(cred, inode)) return -EPERM;
  if (isReg(mode)) {
    if ((flags & O_TRUNC) !== 0) {
      const error = truncate(cred, inode);
      if (error < 0) return error;
    }
    return finish(inode.open(flags & ~(O_CREAT | O_EXCL | O_TRUNC)), mount, dentry);
  }
  const status = flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_APPEND) | flags & O_APPEND;
  if (isDir(mode)) return finish(new DirFile(inode, status), mount, dentry);
  const stream = inode.openStream(status);
  if (stream !== undefined) return finish(stream, mount, dentry);
  if (special) return openDevice(c, mount, dentry, status);
  if (isFifo(mode)) return finish(openFifo(inode, status), mount, dentry);
  return -ENXIO; // a socket (man 2 open)
}

function openDevice(c: Caller, mount: Mount, dentry: Dentry, flags: number): OpenFile | number {
  const file = c.vfs.devices.open(dentry.inode!, flags, c, { mount, dentry });
  // /dev/tty stands for another device: such a file has its own place.
  return typeof file !== "number" && file.dentry !== null ? file : finish(file, mount, dentry);
}

function truncate(cred: FsCred, inode: Inode): number {
  const mode = withoutSetId(cred, inode);
  return inode.setattr(mode === inode.mode ? { size: 0 } : { size: 0, mode: mode & 0o7777 });
}
