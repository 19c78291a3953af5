/** The tree of mounts a group of tasks sees (man 7 mount_namespaces). @module */
import { EAGAIN, EBUSY, EINVAL, ELOOP, ENOENT, ENOTDIR } from "../abi/errno.ts";
import { isDir } from "../abi/mode.ts";
import { MNT_DETACH, MNT_EXPIRE } from "../abi/mount.ts";
import type { Dentry, Mount, VPath } from "./dentry.ts";
import { changeAttributes } from "./mount_attributes.ts";
import {
  copyMount,
  copyTree,
  hang,
  hasLockedChildren,
  isBelow,
  lockTree,
  mountsOn,
  onTop,
  subtree,
  unhang,
} from "./mount_tree.ts";
import type { MountIdMap } from "./mount_idmap.ts";
import { joinGroup, setMaster } from "./peer_group.ts";
import { attachPropagated, propagatedBusy, receives, umountTree } from "./propagation.ts";
import { RootfsSuper } from "./rootfs.ts";
import type { Vfs } from "./vfs.ts";

/** True if a place can be reached from `root`: its mount is below that one's, or it is below it in the same mount. */
export function isPathReachable(at: VPath, root: VPath): boolean {
  let { mount, dentry } = at;
  while (mount !== root.mount && mount.parent !== null) {
    dentry = mount.mountpoint!;
    mount = mount.parent;
  }
  return mount === root.mount && isBelow(dentry, root.dentry);
}

/** What a new namespace is: whose, and what for. */
export interface NamespaceOptions {
  /** The user namespace that owns it; any object. Mounts that come from a namespace of another owner are locked. */
  readonly owner?: object | null;
  /** It holds a tree that is mounted nowhere (open_tree, fsmount): the tree's root is its root. */
  readonly anonymous?: boolean;
}

/** See the module's comment. */
export class MountNamespace {
  /** The bottom of the tree. Its only child, on its root, is what processes see as `/`; that of an anonymous namespace is its tree. */
  readonly bottom: Mount;
  /** The user namespace that owns it. */
  readonly owner: object | null;
  /** It holds a tree that is mounted nowhere. */
  readonly anonymous: boolean;
  readonly #all: Set<Mount> = new Set();

  /** A namespace whose root is `root` (a detached mount). */
  constructor(readonly vfs: Vfs, root: Mount, options: NamespaceOptions = {}) {
    this.owner = options.owner ?? null;
    this.anonymous = options.anonymous ?? false;
    if (this.anonymous || root.sb instanceof RootfsSuper) this.bottom = root;
    else {
      this.bottom = vfs.newMount(new RootfsSuper(vfs.clock), { source: "rootfs" });
      hang(root, this.bottom, this.bottom.root);
    }
    for (const mount of subtree(this.bottom)) this.adopt(mount);
  }

  /** The mount everything else hangs from. */
  get root(): Mount {
    return this.anonymous ? this.bottom : this.bottom.children.get(this.bottom.root) ?? this.bottom;
  }

  /** The root as a place, on top of what covers it. */
  get rootPath(): VPath {
    return onTop({ mount: this.root, dentry: this.root.root });
  }

  /** Every mount but the bottom, oldest first. */
  mounts(): Mount[] {
    return [...this.#all].filter((mount) => this.anonymous || mount !== this.bottom).sort((a, b) =>
      a.id - b.id
    );
  }

  /** Number of mounts. */
  get size(): number {
    return this.#all.size;
  }

  /** Counts a mount as its own; for whoever hangs mounts. */
  adopt(mount: Mount): void {
    mount.namespace?.disown(mount);
    mount.namespace = this;
    this.#all.add(mount);
  }

  /** Counts a mount no more. */
  disown(mount: Mount): void {
    this.#all.delete(mount);
    mount.namespace = null;
  }

  /** True if calls from this namespace may mount on or copy from a mount: it is in the namespace, or in a tree that is mounted nowhere. */
  #mayUse(mount: Mount): boolean {
    return mount.namespace === this || mount.namespace?.anonymous === true;
  }

  /** Puts a detached tree into an anonymous namespace: it can be changed, mounted on and copied, and belongs to a descriptor. */
  detach(mount: Mount): void {
    new MountNamespace(this.vfs, mount, { owner: this.owner, anonymous: true });
  }

  /** Attaches a detached tree on a place (on top of whatever is mounted there). Directory on directory, file on file. */
  attach(mount: Mount, at: VPath): number {
    if (mount.parent !== null || mount.namespace !== null) return -EINVAL;
    const place = onTop(at);
    if (!this.#mayUse(place.mount)) return -EINVAL;
    if (place.dentry.unhashed) return -ENOENT;
    if (isDir(mount.root.inode!.mode) !== isDir(place.dentry.inode!.mode)) return -ENOTDIR;
    return attachPropagated(this.vfs, mount, place);
  }

  /**
   * Takes a mount off (man 2 umount2), with its counterparts on peers and slaves. -EBUSY while something is mounted on it or in
   * use, unless MNT_DETACH. MNT_EXPIRE only marks it the first time (-EAGAIN). `root` is the caller's root directory.
   */
  umount(mount: Mount, flags: number, root: VPath | null = null): number {
    if (mount.namespace !== this || mount.parent === null || mount.locked) return -EINVAL;
    const inUse = (each: Mount): boolean => this.vfs.isInUse(each);
    if ((flags & MNT_EXPIRE) !== 0) {
      if (root?.mount === mount || (flags & ~MNT_EXPIRE) !== 0) return -EINVAL;
      if (mount.children.size > 0 || inUse(mount)) return -EBUSY;
      if (!mount.expiring) {
        mount.expiring = true;
        return -EAGAIN;
      }
    }
    if ((flags & MNT_DETACH) === 0) {
      if (mount === this.root && root === null) return -EINVAL;
      if (propagatedBusy(mount, inUse)) return -EBUSY;
    }
    umountTree(mount, true, false);
    return 0;
  }

  /**
   * A detached copy of what is mounted at a place: a bind; with `recursive` also of the mounts below. Unbindable mounts are
   * -EINVAL and left out below; what would uncover a locked mount is refused.
   */
  cloneTree(at: VPath, recursive: boolean): Mount | number {
    // Files of namespaces are bound from where they are: nowhere (man 7 namespaces).
    if (at.mount.unbindable || !(this.#mayUse(at.mount) || at.mount.sb.type === "nsfs")) return -EINVAL;
    if (!recursive && hasLockedChildren(at)) return -EINVAL;
    return recursive
      ? copyTree(this.vfs, at.mount, at.dentry, {})
      : copyMount(this.vfs, at.mount, at.dentry, {});
  }

  /**
   * A copy of the namespace (CLONE_NEWNS), and how its mounts correspond to these: for remapping root and cwd. When another
   * user namespace owns it, shared mounts become slaves and everything is locked (man 7 mount_namespaces, "Restrictions").
   */
  clone(
    owner: object | null = this.owner,
  ): { readonly namespace: MountNamespace; readonly mapping: ReadonlyMap<Mount, Mount> } {
    const mapping = new Map<Mount, Mount>();
    const less = owner !== this.owner;
    const mode = { unbindable: true, ...less ? { slave: "shared" as const } : {} };
    const root = copyTree(this.vfs, this.bottom, this.bottom.root, mode, mapping);
    if (typeof root === "number") throw new Error(`copying a mount namespace failed: errno ${-root}`);
    if (less) lockTree(root);
    return { namespace: new MountNamespace(this.vfs, root, { owner }), mapping };
  }

  /** The last task left: nothing of it receives mounts any more. */
  dissolve(): void {
    umountTree(this.bottom, false, true);
  }

  /**
   * Moves a mount to another place (MS_MOVE, move_mount). The root of a tree that is mounted nowhere is attached. `beneath`: below
   * the topmost mount of the place, which cannot be the caller's `root`.
   */
  move(mount: Mount, to: VPath, beneath = false, root: VPath | null = null): number {
    const top = onTop(to);
    const place = beneath ? this.#beneath(mount, top, root) : top;
    if (typeof place === "number") return place;
    const target = place.mount;
    if (target.namespace === null) return -EINVAL;
    if (place.dentry.unhashed) return -ENOENT;
    const from = mount.namespace;
    if (from === this) {
      if (mount.parent === null || mount.locked || mount.parent.group !== null) return -EINVAL;
      if (target.namespace !== this) return -EINVAL;
    } else {
      if (from === null || !from.anonymous || mount !== from.bottom || target.namespace === from) {
        return -EINVAL;
      }
      if (!this.#mayUse(target)) return -EINVAL;
    }
    if (isDir(mount.root.inode!.mode) !== isDir(place.dentry.inode!.mode)) return -EINVAL;
    const all = [...subtree(mount)];
    if (target.group !== null && all.some((each) => each.unbindable)) return -EINVAL;
    for (let at: Mount | null = target; at !== null; at = at.parent) if (at === mount) return -ELOOP;
    return this.#rehang(mount, all, place);
  }

  /** Where MOVE_MOUNT_BENEATH puts a mount: the place of the topmost one, which must not receive a copy of it on top of itself. */
  #beneath(mount: Mount, top: VPath, root: VPath | null): VPath | number {
    const over = top.mount;
    const { parent, mountpoint } = over;
    if (top.dentry !== over.root || parent === null || over.locked || over === root?.mount) return -EINVAL;
    if (
      parent === this.bottom || receives(parent, over, mountpoint!) || receives(parent, mount, mountpoint!)
    ) {
      return -EINVAL;
    }
    for (let at: Mount | null = mount; at !== null; at = at.parent) if (at === over) return -EINVAL;
    return { mount: parent, dentry: mountpoint! };
  }

  /** MOVE_MOUNT_SET_GROUP: `to`, a private mount of the same filesystem, becomes a peer and a slave as `from` is. */
  setGroup(from: VPath, to: VPath): number {
    const source = from.mount, target = to.mount;
    if (!this.#mayUse(source) || !this.#mayUse(target)) return -EINVAL;
    if (from.dentry !== source.root || to.dentry !== target.root || source.sb !== target.sb) return -EINVAL;
    if (!isBelow(target.root, source.root) || hasLockedChildren({ mount: source, dentry: target.root })) {
      return -EINVAL;
    }
    if (target.group !== null || target.master !== null) return -EINVAL;
    if (source.group === null && source.master === null) return -EINVAL;
    setMaster(target, source.master);
    if (source.group !== null) joinGroup(target, source.group);
    return 0;
  }

  #rehang(mount: Mount, all: readonly Mount[], place: VPath): number {
    const { parent, mountpoint, namespace } = mount;
    if (parent !== null) unhang(mount);
    // What leaves an anonymous namespace receives nothing of the mount it is part of; what moves inside of one namespace may.
    if (namespace!.anonymous) { for (const each of all) namespace!.disown(each); }
    const error = attachPropagated(this.vfs, mount, place);
    if (error < 0) {
      if (parent !== null) hang(mount, parent, mountpoint!);
      for (const each of all) namespace!.adopt(each);
      return error;
    }
    for (const each of all) each.expiring = false;
    return 0;
  }

  /**
   * mount_setattr(2): sets and clears MOUNT_ATTR_*, and with `propagation` (MS_SHARED …, or 0) the propagation type. All
   * mounts it is about, or none.
   */
  setAttr(
    mount: Mount,
    set: number,
    clear: number,
    propagation: number,
    recursive: boolean,
    idmap?: MountIdMap,
  ): number {
    if (mount.namespace === null || !this.#mayUse(mount)) return -EINVAL;
    return changeAttributes(this.vfs, recursive ? [...subtree(mount)] : [mount], {
      ...{ set, clear, propagation },
      ...idmap === undefined ? {} : { idmap },
    });
  }

  /** MS_REMOUNT | MS_BIND: all flags of a mount anew. -EPERM where a less privileged namespace may not change them. */
  remount(mount: Mount, flags: number): number {
    if (mount.namespace !== this) return -EINVAL;
    return changeAttributes(this.vfs, [mount], { set: flags, clear: -1, propagation: 0 });
  }

  /**
   * pivot_root(2): the mount of `newRoot` takes the place of that of `root` (the caller's root), which moves to `putOld`. The same
   * place twice stacks the old root on the new one (`pivot_root(".", ".")`), to be unmounted next. Callers' roots are theirs to
   * change. The order of the checks is Linux's.
   */
  pivotRoot(newRoot: VPath, putOld: VPath, root: VPath = this.rootPath): number {
    const fresh = newRoot.mount, old = root.mount;
    const put = onTop(putOld);
    if (put.dentry.unhashed) return -ENOENT;
    if (put.mount.group !== null || fresh.parent?.group || old.parent?.group) return -EINVAL;
    if (old.namespace !== this || fresh.namespace !== this || fresh.locked) return -EINVAL;
    if (newRoot.dentry.unhashed) return -ENOENT;
    if (fresh === old || put.mount === old) return -EBUSY;
    if (root.dentry !== old.root || old.parent === null) return -EINVAL;
    if (newRoot.dentry !== fresh.root || fresh.parent === null) return -EINVAL;
    if (!isPathReachable(put, newRoot) || !isPathReachable(newRoot, root)) return -EINVAL;
    const parent = old.parent, mountpoint = old.mountpoint!;
    unhang(fresh);
    if (old.locked) {
      fresh.locked = true;
      old.locked = false;
    }
    unhang(old);
    hang(fresh, parent, mountpoint);
    hang(old, put.mount, put.dentry);
    fresh.expiring = false;
    return 0;
  }
}

/** A descriptor of a tree that is mounted nowhere was closed: the tree is gone, unless it has been attached in the meantime. */
export function closeDetached(mount: Mount): void {
  const { namespace } = mount;
  if (namespace?.anonymous === true && namespace.bottom === mount) umountTree(mount, false, true);
}

/** True if something is mounted on a dentry in a caller's namespace: the name cannot be removed or replaced. */
export function isMountpoint(dentry: Dentry, namespace: MountNamespace): boolean {
  return dentry.mounted > 0 && mountsOn(dentry).some((mount) => mount.namespace === namespace);
}

/** A name is gone: mounts that other namespaces have on it go too (man 2 rmdir). */
export function detachMounts(dentry: Dentry): void {
  for (const mount of mountsOn(dentry)) if (mount.mountpoint === dentry) umountTree(mount, false, true);
}
