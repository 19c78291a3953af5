/** The tree of mounts a group of tasks sees (man 7 mount_namespaces). @module */
import { EBUSY, EINVAL, ELOOP, ENOTDIR } from "../abi/errno.ts";
import { isDir } from "../abi/mode.ts";
import {
  MNT_DETACH,
  MOUNT_ATTR__ATIME,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../abi/mount.ts";
import type { Dentry, Mount, VPath } from "./dentry.ts";
import type { Vfs } from "./vfs.ts";

/** A mount and everything mounted below it, parents first. */
function* subtree(mount: Mount): Iterable<Mount> {
  yield mount;
  for (const child of mount.children.values()) yield* subtree(child);
}

/** True if `dentry` is `root` or below it. */
function isBelow(dentry: Dentry, root: Dentry): boolean {
  for (let at = dentry;; at = at.parent) {
    if (at === root) return true;
    if (at.isRoot) return false;
  }
}

/** See the module's comment. */
export class MountNamespace {
  /** The mount everything else hangs from. */
  root: Mount;

  /** A namespace whose root is `root` (a detached mount). */
  constructor(readonly vfs: Vfs, root: Mount) {
    this.root = root;
    for (const mount of subtree(root)) mount.namespace = this;
  }

  /** The root as a place. */
  get rootPath(): VPath {
    return { mount: this.root, dentry: this.root.root };
  }

  /** Every mount, parents before children, oldest first. */
  mounts(): Mount[] {
    return [...subtree(this.root)];
  }

  /** Attaches a detached tree on a place (on top of whatever is mounted there). Directory on directory, file on file. */
  attach(mount: Mount, at: VPath): number {
    if (mount.parent !== null || mount.namespace !== null || at.mount.namespace !== this) return -EINVAL;
    if (isDir(mount.root.inode!.mode) !== isDir(at.dentry.inode!.mode)) return -ENOTDIR;
    let { mount: parent, dentry: mountpoint } = at;
    for (
      let top = parent.children.get(mountpoint);
      top !== undefined;
      top = parent.children.get(mountpoint)
    ) {
      parent = top;
      mountpoint = top.root;
    }
    this.#hang(mount, parent, mountpoint);
    for (const each of subtree(mount)) each.namespace = this;
    return 0;
  }

  #hang(mount: Mount, parent: Mount, mountpoint: Dentry): void {
    mount.parent = parent;
    mount.mountpoint = mountpoint;
    parent.children.set(mountpoint, mount);
    mountpoint.mounted++;
  }

  #unhang(mount: Mount): void {
    mount.parent!.children.delete(mount.mountpoint!);
    mount.mountpoint!.mounted--;
    mount.parent = null;
    mount.mountpoint = null;
  }

  /**
   * Takes a mount off (man 2 umount2). With mounts below it EBUSY unless MNT_DETACH. Open files do not keep a mount busy:
   * they go on working, as after MNT_DETACH. The namespace's root is -EINVAL.
   */
  umount(mount: Mount, flags: number): number {
    if (mount.namespace !== this || mount === this.root) return -EINVAL;
    if (mount.children.size > 0 && (flags & MNT_DETACH) === 0) return -EBUSY;
    const gone = [...subtree(mount)];
    this.#unhang(mount);
    for (const each of gone) each.namespace = null;
    return 0;
  }

  /** A detached copy of what is mounted at a place: a bind; with `recursive` also of the mounts below. */
  cloneTree(at: VPath, recursive: boolean): Mount | number {
    if (at.mount.unbindable) return -EINVAL;
    return this.#copy(at.mount, at.dentry, recursive, null);
  }

  #copy(mount: Mount, root: Dentry, recursive: boolean, map: Map<Mount, Mount> | null): Mount {
    const copy = this.vfs.newMount(mount.sb, { root, flags: mount.flags, source: mount.source });
    copy.peerGroup = mount.peerGroup;
    copy.master = mount.master;
    copy.unbindable = mount.unbindable && map !== null;
    map?.set(mount, copy);
    if (!recursive) return copy;
    for (const [mountpoint, child] of mount.children) {
      if ((child.unbindable && map === null) || !isBelow(mountpoint, root)) continue;
      this.#hang(this.#copy(child, child.root, true, map), copy, mountpoint);
    }
    return copy;
  }

  /** A copy of the namespace (CLONE_NEWNS), and how its mounts correspond to these: for remapping root and cwd. */
  clone(): { readonly namespace: MountNamespace; readonly mapping: ReadonlyMap<Mount, Mount> } {
    const mapping = new Map<Mount, Mount>();
    const root = this.#copy(this.root, this.root.root, true, mapping);
    return { namespace: new MountNamespace(this.vfs, root), mapping };
  }

  /** Moves a mount to another place (MS_MOVE, move_mount). */
  move(mount: Mount, to: VPath): number {
    if (mount.namespace !== this || mount.parent === null || to.mount.namespace !== this) return -EINVAL;
    if (isDir(mount.root.inode!.mode) !== isDir(to.dentry.inode!.mode)) return -ENOTDIR;
    for (let at: Mount | null = to.mount; at !== null; at = at.parent) if (at === mount) return -ELOOP;
    this.#unhang(mount);
    for (const each of subtree(mount)) each.namespace = null;
    return this.attach(mount, to);
  }

  /** mount_setattr: sets and clears MOUNT_ATTR_*, and with `propagation` (MS_SHARED …, or 0) the propagation type. */
  setAttr(mount: Mount, set: number, clear: number, propagation: number, recursive: boolean): number {
    const types = [MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE];
    if (propagation !== 0 && !types.includes(propagation)) return -EINVAL;
    // The access time setting is one field: it can only be replaced as a whole (man 2 mount_setattr).
    if ((set & MOUNT_ATTR__ATIME) !== 0 && (clear & MOUNT_ATTR__ATIME) !== MOUNT_ATTR__ATIME) return -EINVAL;
    for (const each of recursive ? subtree(mount) : [mount]) {
      each.flags = each.flags & ~clear | set;
      if (propagation !== 0) this.#propagate(each, propagation);
    }
    return 0;
  }

  #propagate(mount: Mount, type: number): void {
    mount.unbindable = type === MS_UNBINDABLE;
    if (type === MS_SHARED) {
      if (mount.peerGroup === 0) mount.peerGroup = this.vfs.newPeerGroup();
      return;
    }
    if (type === MS_SLAVE) {
      if (mount.peerGroup !== 0) mount.master = mount.peerGroup;
    } else mount.master = 0;
    mount.peerGroup = 0;
  }

  /**
   * pivot_root(2): `newRoot` becomes the root, the old root moves to `putOld`. Both must be places in this namespace, the
   * new root a mount point other than the root, `putOld` at or below it. The same place twice stacks the old root on
   * the new one (`pivot_root(".", ".")`), to be unmounted next. Callers' roots are theirs to change.
   */
  pivotRoot(newRoot: VPath, putOld: VPath): number {
    const mount = newRoot.mount;
    const oldRoot = this.root;
    if (mount.namespace !== this || putOld.mount.namespace !== this) return -EINVAL;
    if (mount === oldRoot || putOld.mount === oldRoot) return -EBUSY;
    if (newRoot.dentry !== mount.root || mount.parent === null) return -EINVAL;
    if (mount.peerGroup !== 0 || mount.parent.peerGroup !== 0 || oldRoot.peerGroup !== 0) return -EINVAL;
    let below: Mount | null = putOld.mount;
    while (below !== null && below !== mount) below = below.parent;
    if (below === null) return -EINVAL;
    this.#unhang(mount);
    this.root = mount;
    const all = [...subtree(oldRoot)];
    for (const each of all) each.namespace = null;
    const error = this.attach(oldRoot, putOld);
    if (error < 0) {
      throw new Error(`pivot_root: attaching the old root failed after it was checked: ${error}`);
    }
    return 0;
  }
}
