/** Trees of mounts: hanging, taking off, copying. Nothing here propagates. @module */
import { EINVAL, EPERM } from "../abi/errno.ts";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
} from "../abi/mount.ts";
import type { Dentry, Mount, VPath } from "./dentry.ts";
import { dropPropagation, joinGroup, setMaster } from "./peer_group.ts";
import type { Vfs } from "./vfs.ts";

/** Attributes of a mount that a less privileged namespace cannot clear. */
const LOCKABLE = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
/** The access time setting, which a less privileged namespace cannot change at all. */
export const ATIME_ATTRIBUTES: number = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;

/** Mounts by the dentry they sit on, in all namespaces. */
const sitting = new WeakMap<Dentry, Set<Mount>>();

/** A mount and everything mounted below it, parents first. */
export function* subtree(mount: Mount): Iterable<Mount> {
  yield mount;
  for (const child of mount.children.values()) yield* subtree(child);
}

/** True if `dentry` is `root` or below it. */
export function isBelow(dentry: Dentry, root: Dentry): boolean {
  for (let at = dentry;; at = at.parent) {
    if (at === root) return true;
    if (at.isRoot) return false;
  }
}

/** The mount at the top of those that cover `mount` as a whole. */
export function topmost(mount: Mount): Mount {
  for (let top = mount;;) {
    const over = top.children.get(top.root);
    if (over === undefined) return top;
    top = over;
  }
}

/** A place, on top of whatever is mounted there. */
export function onTop(at: VPath): VPath {
  const over = at.mount.children.get(at.dentry);
  if (over === undefined) return at;
  const top = topmost(over);
  return { mount: top, dentry: top.root };
}

/** Mounts on a dentry in any namespace. */
export function mountsOn(dentry: Dentry): readonly Mount[] {
  return dentry.mounted === 0 ? [] : [...sitting.get(dentry)!];
}

/** Puts a mount on a place that has none. */
export function hang(mount: Mount, parent: Mount, mountpoint: Dentry): void {
  mount.parent = parent;
  mount.mountpoint = mountpoint;
  parent.children.set(mountpoint, mount);
  mountpoint.mounted++;
  const there = sitting.get(mountpoint);
  if (there === undefined) sitting.set(mountpoint, new Set([mount]));
  else there.add(mount);
}

/** Takes a mount off its place. */
export function unhang(mount: Mount): void {
  const { parent, mountpoint } = mount;
  if (parent!.children.get(mountpoint!) === mount) parent!.children.delete(mountpoint!);
  mountpoint!.mounted--;
  sitting.get(mountpoint!)!.delete(mount);
  mount.parent = null;
  mount.mountpoint = null;
}

/** A mount that is gone stays where it is, for files that are open in it; its place knows it no more, and does not keep it. */
export function forget(mount: Mount): void {
  sitting.get(mount.mountpoint!)?.delete(mount);
}

/** Puts `mount` on a place; what was there covers it from now on. */
export function tuck(mount: Mount, parent: Mount, mountpoint: Dentry): void {
  const over = parent.children.get(mountpoint);
  if (over !== undefined) unhang(over);
  hang(mount, parent, mountpoint);
  if (over === undefined) return;
  const top = topmost(mount);
  hang(over, top, top.root);
}

/** How a copy of a mount relates to the original. */
export interface CopyMode {
  /** It is a slave of the original's peers (of a shared original only, with "shared"). */
  readonly slave?: "always" | "shared";
  /** It is shared, if need be with a new group. */
  readonly shared?: boolean;
  /** Unbindable mounts are copied too: a whole namespace is. */
  readonly unbindable?: boolean;
}

/** A detached copy of one mount, showing its tree from `root`. */
export function copyMount(vfs: Vfs, mount: Mount, root: Dentry, mode: CopyMode): Mount {
  const copy = vfs.newMount(mount.sb, { root, flags: mount.flags, source: mount.source });
  copy.lockedFlags = mount.lockedFlags;
  copy.idmap = mount.idmap;
  copy.unbindable = mount.unbindable;
  if (mode.slave === "always" || (mode.slave === "shared" && mount.group !== null)) {
    setMaster(copy, mount.group ?? mount.master);
    if (mode.shared === true) joinGroup(copy, vfs.groupIds.create());
    return copy;
  }
  setMaster(copy, mount.master);
  if (mount.group !== null) joinGroup(copy, mount.group);
  else if (mode.shared === true) joinGroup(copy, vfs.groupIds.create());
  return copy;
}

/**
 * A detached copy of a mount and those below `root` in it. Unbindable mounts are left out; one that must not be uncovered makes it
 * -EPERM. `map` receives which mount became which.
 */
export function copyTree(
  vfs: Vfs,
  mount: Mount,
  root: Dentry,
  mode: CopyMode,
  map?: Map<Mount, Mount>,
): Mount | number {
  if (mount.unbindable && mode.unbindable !== true) return -EINVAL;
  const copy = copyMount(vfs, mount, root, mode);
  map?.set(mount, copy);
  const error = copyBelow(vfs, mount, copy, mode, map);
  if (error === 0) return copy;
  for (const each of subtree(copy)) dropPropagation(each);
  return error;
}

function copyBelow(
  vfs: Vfs,
  mount: Mount,
  copy: Mount,
  mode: CopyMode,
  map: Map<Mount, Mount> | undefined,
): number {
  for (const [mountpoint, child] of mount.children) {
    if (!isBelow(mountpoint, copy.root)) continue;
    if (child.unbindable && mode.unbindable !== true) {
      if (child.locked) return -EPERM;
      continue;
    }
    const below = copyMount(vfs, child, child.root, mode);
    below.locked = child.locked;
    map?.set(child, below);
    hang(below, copy, mountpoint);
    const error = copyBelow(vfs, child, below, mode, map);
    if (error < 0) return error;
  }
  return 0;
}

/** What a less privileged namespace may not do to a tree that came from another: change flags, or take off what covers something. */
export function lockTree(root: Mount): void {
  for (const each of subtree(root)) {
    each.lockedFlags |= each.flags & LOCKABLE | ATIME_ATTRIBUTES;
    if (each !== root) each.locked = true;
  }
}

/** True if a bind of `at` without the mounts below would show what a locked mount covers. */
export function hasLockedChildren(at: VPath): boolean {
  for (const [mountpoint, child] of at.mount.children) {
    if (child.locked && isBelow(mountpoint, at.dentry)) return true;
  }
  return false;
}

/** True if nothing but allowed flags of `mount` change when they become `flags`. */
export function mayChangeFlags(mount: Mount, flags: number): boolean {
  const locked = mount.lockedFlags;
  if ((locked & LOCKABLE & ~flags) !== 0) return false;
  return (locked & ATIME_ATTRIBUTES) === 0 || ((mount.flags ^ flags) & ATIME_ATTRIBUTES) === 0;
}
