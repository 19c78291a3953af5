/** Names and mounts: Linux's dentry, vfsmount and path. @module */
import type { Inode, SuperBlock } from "./inode.ts";
import type { MountNamespace } from "./mount_namespace.ts";

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
  /** Mounts on top of dentries of this mount: the topmost of each. */
  readonly children: Map<Dentry, Mount> = new Map();
  /** The namespace it belongs to; null while detached. */
  namespace: MountNamespace | null = null;
  /** Peer group number when shared; 0 otherwise. */
  peerGroup = 0;
  /** Peer group it receives from when a slave; 0 otherwise. */
  master = 0;
  /** MS_UNBINDABLE. */
  unbindable = false;

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
