/** Extended attributes: which namespaces exist and who may use them (man 7 xattr). @module */
import { EINVAL, ENODATA, EOPNOTSUPP, EPERM, ERANGE } from "../abi/errno.ts";
import { isDir, isReg } from "../abi/mode.ts";
import { XATTR_NAME_MAX, XATTR_SIZE_MAX } from "../abi/limits.ts";
import { nameByteLength } from "../abi/name.ts";
import { R_OK, W_OK } from "../abi/open.ts";
import { CAP_SETFCAP, CAP_SYS_ADMIN } from "./cred.ts";
import type { Mount, VPath } from "./dentry.ts";
import type { Inode } from "./inode.ts";
import type { OpenFile } from "./open_file.ts";
import type { PathName } from "./path_name.ts";
import { isOwner, permission, writable } from "./permission.ts";
import type { Caller } from "./vfs.ts";

function allowed(c: Caller, mount: Mount | null, inode: Inode, name: string, write: boolean): number {
  const length = nameByteLength(name);
  if (length === 0 || length > XATTR_NAME_MAX) return -ERANGE;
  if (write) {
    const readOnly = writable(mount, inode);
    if (readOnly < 0) return readOnly;
  }
  if (name.startsWith("user.")) {
    if (!isReg(inode.mode) && !isDir(inode.mode)) return write ? -EPERM : -ENODATA;
    return permission(c.cred, inode, write ? W_OK : R_OK);
  }
  if (name.startsWith("trusted.")) return c.cred.capable(CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
  if (name.startsWith("security.")) {
    if (!write) return 0;
    return c.cred.capable(name === "security.capability" ? CAP_SETFCAP : CAP_SYS_ADMIN) ? 0 : -EPERM;
  }
  if (name.startsWith("system.posix_acl_")) return write && !isOwner(c.cred, inode) ? -EPERM : 0;
  return -EOPNOTSUPP;
}

function find(c: Caller, base: VPath | null, path: PathName, follow: boolean): number {
  c.vfs.walk.begin(c, base, 0);
  return c.vfs.walk.run(path, follow, false);
}

function get(c: Caller, inode: Inode, name: string): Uint8Array | number {
  const error = allowed(c, null, inode, name, false);
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
  return allowed(c, mount, inode, name, true) || inode.setxattr(name, value.slice(), flags);
}

function list(c: Caller, inode: Inode): readonly string[] | number {
  const names = inode.listxattr();
  if (typeof names === "number" || c.cred.capable(CAP_SYS_ADMIN)) return names;
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
  return error < 0 ? error : get(c, c.vfs.walk.dentry.inode!, name);
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
  return get(c, file.inode, name);
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
