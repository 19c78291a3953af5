/** Names and mounts: Linux's dentry, vfsmount and path. @module */
import type { Inode, SuperBlock } from "./inode.ts";
import type { MountIdMap } from "./mount_idmap.ts";
import type { MountNamespace } from "./mount_namespace.ts";
import type { PeerGroup } from "./peer_group.ts";

/** A name in a directory, with the inode behind it (null: known not to exist). */
export class Dentry {
  /** Cached children by name; null until the first. */
  children: Map<string, Dentry> | null = null;
  /** Cached children that are known not to exist. */
  negatives = 0;
  /** Mounts that sit on it, in any namespace; 0 lets the path walk skip the mount table. */
  mounted = 0;
  /** Removed from its directory (unlinked, or replaced by a rename). */
  unhashed = false;

  /** A name below `parent` (itself for a root). */
  constructor(
    readonly sb: SuperBlock,
    public name: string,
    parent: Dentry | null,
    public inode: Inode | null,
  ) {
    this.parent = parent ?? this;
  }

  /** The directory's dentry; a root's is itself. */
  parent: Dentry;

  /** True for the root of its filesystem. */
  get isRoot(): boolean {
    return this.parent === this;
  }
}

/** A filesystem tree (or a part of it: bind) attached somewhere. */
export class Mount {
  /** Where it sits: the parent mount and the dentry in it; null for a namespace's root and detached trees. */
  parent: Mount | null = null;
  /** The dentry of `parent` it covers. */
  mountpoint: Dentry | null = null;
  /** Mounts on top of dentries of this mount. One on its own root covers it as a whole. */
  readonly children: Map<Dentry, Mount> = new Map();
  /** The namespace it belongs to; null while it is in none. */
  namespace: MountNamespace | null = null;
  /** The peers it shares mounts and unmounts with when shared; null otherwise. */
  group: PeerGroup | null = null;
  /** The peers it receives mounts and unmounts from when a slave; null otherwise. */
  master: PeerGroup | null = null;
  /** MS_UNBINDABLE. */
  unbindable = false;
  /** It cannot be taken off on its own: that would show a less privileged namespace what it covers (man 7 mount_namespaces). */
  locked = false;
  /** MOUNT_ATTR_* that a less privileged namespace cannot change (MOUNT_ATTR__ATIME stands for the access time setting). */
  lockedFlags = 0;
  /** Owners of its files are others than on disk; null for an ordinary mount. */
  idmap: MountIdMap | null = null;
  /** MNT_EXPIRE has been asked for once, and it has not been used since. */
  expiring = false;

  /** A mount of `root`'s tree; `flags` are MOUNT_ATTR_*, `source` what mountinfo shows. */
  constructor(
    readonly id: number,
    readonly sb: SuperBlock,
    readonly root: Dentry,
    public flags: number,
    readonly source: string,
  ) {}
}

/** A place in the tree: a dentry seen through a mount. */
export interface VPath {
  /** The mount. */
  readonly mount: Mount;
  /** The dentry. */
  readonly dentry: Dentry;
}
