/** Attributes and propagation types of mounts (man 2 mount_setattr). @module */
import { EBUSY, EINVAL, EPERM } from "../abi/errno.ts";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../abi/mount.ts";
import type { Mount } from "./dentry.ts";
import type { MountIdMap } from "./mount_idmap.ts";
import { mayChangeFlags } from "./mount_tree.ts";
import { setPropagation } from "./peer_group.ts";
import type { Vfs } from "./vfs.ts";

/** A change of mounts. */
export interface AttributeChange {
  /** MOUNT_ATTR_* to set. */
  readonly set: number;
  /** MOUNT_ATTR_* to clear first; -1 for all. */
  readonly clear: number;
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, or 0. */
  readonly propagation: number;
  /** The map that MOUNT_ATTR_IDMAP gives. */
  readonly idmap?: MountIdMap;
}

const TYPES: readonly number[] = [0, MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE];
const ATIMES: readonly number[] = [0, MOUNT_ATTR_NOATIME, MOUNT_ATTR_STRICTATIME];

/** A map can be given once, to a mount that nobody has seen yet, of a filesystem with owners on disk. */
function mayMap(mount: Mount): number {
  if (mount.idmap !== null) return -EPERM;
  return mount.namespace?.anonymous === true && mount.sb.allowsIdmap ? 0 : -EINVAL;
}

/** Makes one change to all of `mounts`, or to none. */
export function changeAttributes(vfs: Vfs, mounts: readonly Mount[], change: AttributeChange): number {
  const { set, clear, propagation } = change;
  if (!TYPES.includes(propagation)) return -EINVAL;
  // The access time setting is one field: it can only be replaced as a whole.
  const cleared = clear & MOUNT_ATTR__ATIME;
  if (
    cleared === MOUNT_ATTR__ATIME
      ? !ATIMES.includes(set & MOUNT_ATTR__ATIME)
      : ((cleared | set) & MOUNT_ATTR__ATIME) !== 0
  ) {
    return -EINVAL;
  }
  for (const mount of mounts) {
    const flags = mount.flags & ~clear | set;
    if (change.idmap !== undefined) {
      const error = mayMap(mount);
      if (error < 0) return error;
    }
    if (!mayChangeFlags(mount, flags)) return -EPERM;
    const becomesReadOnly = (flags & ~mount.flags & MOUNT_ATTR_RDONLY) !== 0;
    if (becomesReadOnly && vfs.isWritten(mount)) return -EBUSY;
  }
  for (const mount of mounts) {
    mount.flags = mount.flags & ~clear | set;
    if (change.idmap !== undefined) mount.idmap = change.idmap;
    if (propagation !== 0) setPropagation(mount, propagation, vfs.groupIds);
  }
  return 0;
}
