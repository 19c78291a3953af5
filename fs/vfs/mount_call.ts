/** mount(2): what its flags mean. Binds, moves, remounts, propagation types and new filesystems go through here. @module */
import { EBUSY, EINVAL, ENODEV, ENOENT, EPERM } from "../abi/errno.ts";
import { isLnk } from "../abi/mode.ts";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_BIND,
  MS_DIRSYNC,
  MS_LAZYTIME,
  MS_MANDLOCK,
  MS_MOVE,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_NOSYMFOLLOW,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_RELATIME,
  MS_REMOUNT,
  MS_SHARED,
  MS_SILENT,
  MS_SLAVE,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
  MS_UNBINDABLE,
} from "../abi/mount.ts";
import { CAP_SYS_ADMIN, globallyCapable } from "./cred.ts";
import type { Dentry, Mount, VPath } from "./dentry.ts";
import type { SuperBlock } from "./inode.ts";
import { mayChangeFlags, subtree } from "./mount_tree.ts";
import { dropPropagation } from "./peer_group.ts";
import type { PathName } from "./path_name.ts";
import { reconfigureSuper, type SuperOptions } from "./super_flags.ts";
import type { Caller } from "./vfs.ts";
import { lookupAt } from "./walk.ts";

const PROPAGATION = MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE;
const SUPER = MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME;
const ATIMES = MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;

/** MOUNT_ATTR_* for MS_*; relatime unless told otherwise. */
function attributes(flags: number): number {
  const pairs: readonly (readonly [number, number])[] = [
    [MS_RDONLY, MOUNT_ATTR_RDONLY],
    [MS_NOSUID, MOUNT_ATTR_NOSUID],
    [MS_NODEV, MOUNT_ATTR_NODEV],
    [MS_NOEXEC, MOUNT_ATTR_NOEXEC],
    [MS_NODIRATIME, MOUNT_ATTR_NODIRATIME],
    [MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW],
  ];
  let out = 0;
  for (const [ms, attr] of pairs) if ((flags & ms) !== 0) out |= attr;
  if ((flags & MS_STRICTATIME) !== 0) return out | MOUNT_ATTR_STRICTATIME;
  return (flags & MS_NOATIME) !== 0 ? out | MOUNT_ATTR_NOATIME : out;
}

const isMountRoot = (at: VPath): boolean => at.dentry === at.mount.root;

/** Options of a superblock from MS_* and a comma-separated list. */
function superOptions(flags: number, data: string): SuperOptions {
  return {
    set: flags & SUPER,
    clear: 0,
    readOnly: (flags & MS_RDONLY) !== 0,
    own: data.split(",").filter((option) => option !== ""),
  };
}

/** mount(2). `source` is a name to show, or a path; `data` the filesystem's options. 0, or a negative errno. */
export function mountAt(
  c: Caller,
  source: PathName | string,
  target: PathName,
  type: string,
  flags: number,
  data: string,
): number {
  const at = lookupAt(c, null, target, true);
  if (typeof at === "number") return at;
  if (!c.cred.capable(CAP_SYS_ADMIN)) return -EPERM;
  if ((flags & MS_REMOUNT) !== 0) return remount(c, at, flags, data);
  if ((flags & MS_BIND) !== 0) return bind(c, source, at, (flags & MS_REC) !== 0);
  if ((flags & PROPAGATION) !== 0) return changeType(c, at, flags);
  if ((flags & MS_MOVE) !== 0) return move(c, source, at);
  if (type === "") return -EINVAL;
  return mountNew(c, typeof source === "string" ? source : "none", at, type, flags, data);
}

function lookupSource(c: Caller, source: PathName | string): VPath | number {
  return typeof source === "string" ? (source === "" ? -EINVAL : -ENOENT) : lookupAt(c, null, source, true);
}

function remount(c: Caller, at: VPath, flags: number, data: string): number {
  const { mount } = at;
  if (mount.namespace !== c.mountNs || !isMountRoot(at)) return -EINVAL;
  let wanted = attributes(flags);
  // The access times stay as they are unless one is named (man 2 mount, "Remounting an existing mount").
  if ((flags & ATIMES) === 0) {
    const kept = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
    wanted = wanted & ~kept | mount.flags & kept;
  }
  if ((flags & MS_BIND) !== 0) return c.mountNs.remount(mount, wanted);
  const options = { ...superOptions(flags, data), clear: SUPER & ~flags };
  const error = reconfigureSuper(c.vfs, mount.sb, options);
  return error < 0 ? error : c.mountNs.remount(mount, wanted);
}

function bind(c: Caller, source: PathName | string, at: VPath, recursive: boolean): number {
  const from = lookupSource(c, source);
  if (typeof from === "number") return from;
  if (at.mount.namespace !== c.mountNs) return -EINVAL;
  const copy = c.mountNs.cloneTree(from, recursive);
  if (typeof copy === "number") return copy;
  const error = c.mountNs.attach(copy, at);
  if (error < 0) { for (const each of subtree(copy)) dropPropagation(each); }
  return error;
}

function changeType(c: Caller, at: VPath, flags: number): number {
  const type = flags & ~(MS_REC | MS_SILENT);
  if (!isMountRoot(at) || at.mount.namespace !== c.mountNs || (type & ~PROPAGATION) !== 0) return -EINVAL;
  return c.mountNs.setAttr(at.mount, 0, 0, type, (flags & MS_REC) !== 0);
}

function move(c: Caller, source: PathName | string, at: VPath): number {
  const from = lookupSource(c, source);
  if (typeof from === "number") return from;
  return isMountRoot(from) && from.mount.namespace === c.mountNs ? c.mountNs.move(from.mount, at) : -EINVAL;
}

function mountNew(c: Caller, source: string, at: VPath, type: string, flags: number, data: string): number {
  const options = superOptions(flags, data);
  const sb = newSuper(c, type, source, options);
  if (typeof sb === "number") return sb;
  if (isMountRoot(at) && at.mount.sb === sb) return -EBUSY;
  if (isLnk(sb.root.mode)) return -EINVAL;
  const mount = c.vfs.newMount(sb, { flags: attributes(flags), source });
  return tooRevealing(c, mount) ? -EPERM : c.mountNs.attach(mount, at);
}

/** An instance of a filesystem type with options, as `caller` may have it. A negative errno otherwise. */
export function newSuper(
  c: Caller,
  type: string,
  source: string,
  options: SuperOptions,
): SuperBlock | number {
  const found = c.vfs.filesystems.get(type);
  if (found === undefined) return -ENODEV;
  if (!globallyCapable(c.cred, CAP_SYS_ADMIN) && !(found.mayMount?.(c) ?? false)) return -EPERM;
  const sb = found.create(options.own, source, c);
  if (typeof sb === "number") return sb;
  if (sb.dev !== 0) return sb; // one that others have mounted already stays as it is
  sb.owner = c.mountNs.owner;
  sb.flags = sb.flags & ~options.clear | options.set;
  if (options.readOnly === true) sb.readOnly = true;
  return sb;
}

/**
 * Would a new mount of proc or sysfs show a less privileged namespace what it cannot see now? Another one that is not covered by
 * locked mounts must be there (man 7 mount_namespaces). Its locked flags hold for the new one too.
 */
export function tooRevealing(c: Caller, mount: Mount): boolean {
  const { mountNs } = c;
  if (c.vfs.filesystems.get(mount.sb.type)?.revealing !== true || globallyCapable(c.cred, CAP_SYS_ADMIN)) {
    return false;
  }
  for (const each of mountNs.mounts()) {
    if (each.sb.type !== mount.sb.type || !each.root.isRoot || !mayChangeFlags(each, mount.flags)) continue;
    if ([...each.children].some(([at, child]) => child.locked && !isEmptyDirectory(at))) continue;
    mount.lockedFlags |= each.lockedFlags;
    return false;
  }
  return true;
}

/** A directory that is there to be mounted on. */
function isEmptyDirectory({ inode }: Dentry): boolean {
  const stream = inode?.openDir();
  return typeof stream === "object" && stream.next() === null;
}
