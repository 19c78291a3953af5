/** Extended attributes: which namespaces exist and who may use them (man 7 xattr). @module */
import { EINVAL, ENODATA, EOPNOTSUPP, EPERM, ERANGE } from "../abi/errno.ts";
import { isDir, isReg } from "../abi/mode.ts";
import { XATTR_NAME_MAX, XATTR_SIZE_MAX } from "../abi/limits.ts";
import { nameByteLength } from "../abi/name.ts";
import { R_OK, W_OK } from "../abi/open.ts";
import { CAP_SETFCAP, CAP_SYS_ADMIN, capableOver, globallyCapable } from "./cred.ts";
import type { Mount, VPath } from "./dentry.ts";
import type { Inode } from "./inode.ts";
import type { OpenFile } from "./open_file.ts";
import { credOn } from "./mount_idmap.ts";
import type { PathName } from "./path_name.ts";
import { isOwner, permission, writable } from "./permission.ts";
import type { Caller } from "./vfs.ts";

function allowed(c: Caller, mount: Mount | null, inode: Inode, name: string, write: boolean): number {
  const cred = credOn(c.cred, mount);
  const length = nameByteLength(name);
  if (length === 0 || length > XATTR_NAME_MAX) return -ERANGE;
  if (write) {
    const readOnly = writable(mount, inode);
    if (readOnly < 0) return readOnly;
  }
  if (name.startsWith("user.")) {
    if (!isReg(inode.mode) && !isDir(inode.mode)) return write ? -EPERM : -ENODATA;
    return permission(cred, inode, write ? W_OK : R_OK);
  }
  if (name.startsWith("trusted.")) {
    return globallyCapable(cred, CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
  }
  if (name.startsWith("security.")) {
    if (!write) return 0;
    if (name === FILE_CAPS) return capableOver(cred, inode, CAP_SETFCAP) ? 0 : -EPERM;
    return globallyCapable(cred, CAP_SYS_ADMIN) ? 0 : -EPERM;
  }
  if (name.startsWith("system.posix_acl_")) return write && !isOwner(cred, inode) ? -EPERM : 0;
  return -EOPNOTSUPP;
}

/** Name of a file's capabilities. */
const FILE_CAPS = "security.capability";
const REVISION_2 = 0x02000000, REVISION_3 = 0x03000000, FLAGS = 0x00ffffff;

/**
 * File capabilities as they are kept: written in a user namespace they are for that namespace's user 0 (version 3), never for the
 * initial one (man 7 capabilities, "File capability extended attribute versioning").
 */
function ownFileCaps(c: Caller, value: Uint8Array): Uint8Array | number {
  const maps = c.cred.idMaps ?? null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const magic = value.length < 4 ? 0 : view.getUint32(0, true);
  const revision = (magic & ~FLAGS) >>> 0;
  if (revision !== REVISION_2 && revision !== REVISION_3) return -EINVAL;
  if (value.length !== (revision === REVISION_2 ? 20 : 24)) return -EINVAL;
  if (maps === null) return value.slice();
  const root = maps.uids.toKernel(revision === REVISION_3 ? view.getUint32(20, true) : 0);
  if (root < 0) return -EINVAL;
  const kept = new Uint8Array(24);
  kept.set(value);
  const out = new DataView(kept.buffer);
  out.setUint32(0, REVISION_3 | magic & FLAGS, true);
  out.setUint32(20, root, true);
  return kept;
}

function find(c: Caller, base: VPath | null, path: PathName, follow: boolean): number {
  c.vfs.walk.begin(c, base, 0);
  return c.vfs.walk.run(path, follow, false);
}

function get(c: Caller, mount: Mount | null, inode: Inode, name: string): Uint8Array | number {
  const error = allowed(c, mount, inode, name, false);
  return error < 0 ? error : inode.getxattr(name);
}

function set(
  c: Caller,
  mount: Mount | null,
  inode: Inode,
  name: string,
  value: Uint8Array,
  flags: number,
): number {
  if ((flags & ~3) !== 0) return -EINVAL;
  if (value.length > XATTR_SIZE_MAX) return -ERANGE;
  const error = allowed(c, mount, inode, name, true);
  if (error < 0) return error;
  const kept = name === FILE_CAPS ? ownFileCaps(c, value) : value.slice();
  return typeof kept === "number" ? kept : inode.setxattr(name, kept, flags);
}

function list(c: Caller, inode: Inode): readonly string[] | number {
  const names = inode.listxattr();
  if (typeof names === "number" || globallyCapable(c.cred, CAP_SYS_ADMIN)) return names;
  return names.filter((name) => !name.startsWith("trusted."));
}

/** getxattr(2), lgetxattr(2). */
export function getxattrAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  name: string,
  follow: boolean,
): Uint8Array | number {
  const error = find(c, base, path, follow);
  return error < 0 ? error : get(c, c.vfs.walk.mount, c.vfs.walk.dentry.inode!, name);
}
/** setxattr(2), lsetxattr(2). */
export function setxattrAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  name: string,
  value: Uint8Array,
  flags: number,
  follow: boolean,
): number {
  const error = find(c, base, path, follow);
  return error < 0 ? error : set(c, c.vfs.walk.mount, c.vfs.walk.dentry.inode!, name, value, flags);
}
/** listxattr(2), llistxattr(2): trusted.* only for those who may read them. */
export function listxattrAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  follow: boolean,
): readonly string[] | number {
  const error = find(c, base, path, follow);
  return error < 0 ? error : list(c, c.vfs.walk.dentry.inode!);
}
/** removexattr(2), lremovexattr(2). */
export function removexattrAt(
  c: Caller,
  base: VPath | null,
  path: PathName,
  name: string,
  follow: boolean,
): number {
  const error = find(c, base, path, follow);
  if (error < 0) return error;
  const { mount, dentry } = c.vfs.walk;
  return allowed(c, mount, dentry.inode!, name, true) || dentry.inode!.removexattr(name);
}
/** fgetxattr(2). */
export function fgetxattr(c: Caller, file: OpenFile, name: string): Uint8Array | number {
  return get(c, file.mount, file.inode, name);
}
/** fsetxattr(2). */
export function fsetxattr(c: Caller, file: OpenFile, name: string, value: Uint8Array, flags: number): number {
  return set(c, file.mount, file.inode, name, value, flags);
}
/** flistxattr(2). */
export function flistxattr(c: Caller, file: OpenFile): readonly string[] | number {
  return list(c, file.inode);
}
/** fremovexattr(2). */
export function fremovexattr(c: Caller, file: OpenFile, name: string): number {
  return allowed(c, file.mount, file.inode, name, true) || file.inode.removexattr(name);
}
