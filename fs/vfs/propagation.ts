/**
 * Mounting and unmounting on shared mounts (shared subtrees, sections 5b to 5f; man 7 mount_namespaces): every peer gets the
 * same, every slave too, and slaves of slaves.
 * @module
 */
import { ENOSPC } from "../abi/errno.ts";
import { MS_SHARED } from "../abi/mount.ts";
import type { Dentry, Mount, VPath } from "./dentry.ts";
import type { SuperBlock } from "./inode.ts";
import { copyTree, forget, hang, isBelow, lockTree, subtree, tuck, unhang } from "./mount_tree.ts";
import { dropPropagation, type PeerGroup, setPropagation } from "./peer_group.ts";
import type { Vfs } from "./vfs.ts";

/** Most mounts in one namespace (/proc/sys/fs/mount-max). */
export const MOUNT_MAX = 100000;

/** Everything that receives what happens below `mount`, itself excluded. A mount comes before its slaves. */
function* receivers(mount: Mount): Iterable<Mount> {
  const { group } = mount;
  if (group === null) return;
  for (const peer of group.members) if (peer !== mount) yield peer;
  yield* slavesOf(group);
}

function* slavesOf(group: PeerGroup): Iterable<Mount> {
  const done = new Set<PeerGroup>();
  for (const slave of group.slaves) {
    yield slave;
    if (slave.group === null || done.has(slave.group)) continue;
    done.add(slave.group);
    yield* slavesOf(slave.group);
  }
}

/** True if a mount on `mountpoint` of `from` would be copied on top of `mount` as a whole. */
export function receives(from: Mount, mount: Mount, mountpoint: Dentry): boolean {
  if (mount.root !== mountpoint) return false;
  for (const each of receivers(from)) if (each === mount) return true;
  return false;
}

/** One copy of what is being mounted, and where it goes. */
interface Arrival {
  readonly tree: Mount;
  readonly parent: Mount;
}

/** Makes the copies for all receivers of a mount on `at`. */
class Spread {
  readonly arrivals: Arrival[] = [];
  /** Mounts that would be added, by namespace. */
  readonly #added = new Map<object, number>();
  readonly #size: number;
  #error = 0;

  /** `made`: mounts of the source that are shared only because of this. They count as what they were. */
  constructor(
    readonly vfs: Vfs,
    readonly at: VPath,
    readonly source: Mount,
    readonly made: ReadonlySet<Mount>,
  ) {
    this.#size = [...subtree(source)].length;
  }

  /** Mounts that are being added, or that do not show the mount point, receive nothing. */
  #receives(mount: Mount): boolean {
    return mount.namespace !== null && isBelow(this.at.dentry, mount.root);
  }

  #arrive(parent: Mount, from: Mount, slave: boolean, shared: boolean): Mount | null {
    const namespace = parent.namespace!;
    const added = (this.#added.get(namespace) ?? 0) + this.#size;
    if (namespace.size + added > MOUNT_MAX) {
      this.#error = -ENOSPC;
      return null;
    }
    const tree = copyTree(this.vfs, from, from.root, slave ? { slave: "always", shared } : { shared });
    if (typeof tree === "number") {
      this.#error = tree;
      return null;
    }
    this.#added.set(namespace, added);
    this.arrivals.push({ tree, parent });
    return tree;
  }

  /** The copies, or a negative errno; then none is left. */
  run(): readonly Arrival[] | number {
    const { at: { mount }, source } = this;
    for (const peer of mount.group!.members) {
      if (peer === mount || !this.#receives(peer)) continue;
      if (this.#arrive(peer, source, false, true) === null) return this.#undo();
    }
    return this.#toSlaves(mount.group!, source) ? this.arrivals : this.#undo();
  }

  #toSlaves(group: PeerGroup, source: Mount): boolean {
    const done = new Set<PeerGroup>();
    for (const slave of [...group.slaves]) {
      if (slave.namespace === null) continue;
      const own = slave.group;
      if (own === null || this.made.has(slave)) {
        if (this.#receives(slave) && this.#arrive(slave, source, true, false) === null) return false;
        continue;
      }
      if (done.has(own)) continue;
      done.add(own);
      let first: Mount | null = null;
      for (const peer of own.members) {
        if (!this.#receives(peer)) continue;
        const tree: Mount | null = this.#arrive(peer, first ?? source, first === null, true);
        if (tree === null) return false;
        first ??= tree;
      }
      if (!this.#toSlaves(own, first ?? source)) return false;
    }
    return true;
  }

  #undo(): number {
    for (const { tree } of this.arrivals) for (const each of subtree(tree)) dropPropagation(each);
    return this.#error;
  }
}

/**
 * Mounts a detached tree at a place that nothing covers, and copies of it wherever the place is shared to. All of it, or a
 * negative errno and nothing.
 */
export function attachPropagated(vfs: Vfs, source: Mount, at: VPath): number {
  const namespace = at.mount.namespace!;
  const all = [...subtree(source)];
  const added = all.filter((each) => each.namespace !== namespace);
  if (namespace.size + added.length > MOUNT_MAX) return -ENOSPC;
  let arrivals: readonly Arrival[] = [];
  if (at.mount.group !== null) {
    const made = new Set(all.filter((each) => each.group === null));
    for (const each of made) setPropagation(each, MS_SHARED, vfs.groupIds);
    const spread = new Spread(vfs, at, source, made).run();
    if (typeof spread === "number") {
      for (const each of made) dropGroupOnly(each);
      return spread;
    }
    arrivals = spread;
  }
  tuck(source, at.mount, at.dentry);
  for (const each of all) namespace.adopt(each);
  for (const { tree, parent } of arrivals) {
    if (parent.namespace!.owner !== namespace.owner) lockTree(tree);
    tree.locked = false;
    tuck(tree, parent, at.dentry);
    for (const each of subtree(tree)) parent.namespace!.adopt(each);
  }
  return 0;
}

/** Takes back a group that was only made for a mount that did not happen. */
function dropGroupOnly(mount: Mount): void {
  const { group } = mount;
  group!.members.delete(mount);
  group!.ids.release(group!);
  mount.group = null;
}

/** The mounts that other peers and slaves have where `mount` sits. */
function counterparts(mount: Mount): Mount[] {
  const out: Mount[] = [];
  if (mount.parent === null) return out;
  for (const receiver of receivers(mount.parent)) {
    const there = receiver.children.get(mount.mountpoint!);
    if (there !== undefined) out.push(there);
  }
  return out;
}

/** A mount that covers `mount` as a whole, if nothing else is mounted on it. */
function onlyCovered(mount: Mount): boolean {
  return mount.children.size === 0 || (mount.children.size === 1 && mount.children.has(mount.root));
}

/** True if one of the mounts that an unmount would take along is in use. */
export function propagatedBusy(mount: Mount, inUse: (mount: Mount) => boolean): boolean {
  if (mount.children.size > 0 || inUse(mount)) return true;
  return counterparts(mount).some((each) => onlyCovered(each) && inUse(each));
}

/** Candidates that can go: nothing stays on them but what covers them as a whole, and locked ones go with their parent only. */
function settle(going: ReadonlySet<Mount>, candidates: Set<Mount>): void {
  const goes = (mount: Mount | null): boolean =>
    mount !== null && (going.has(mount) || candidates.has(mount));
  for (let changed = true; changed;) {
    changed = false;
    for (const each of candidates) {
      let stays = each.locked && !goes(each.parent);
      for (const [mountpoint, child] of each.children) {
        if (!goes(child) && (mountpoint !== each.root || child.locked)) stays = true;
      }
      if (!stays) continue;
      candidates.delete(each);
      changed = true;
    }
  }
}

/**
 * Takes mounts off, and with `propagate` their counterparts on peers and slaves. `connected`: they stay on each other, for
 * files that are still open there (a directory is gone, or a descriptor was closed); otherwise only locked ones do.
 */
export function umountTree(mount: Mount, propagate: boolean, connected: boolean): void {
  const vfs = mount.namespace?.vfs;
  const going = new Set(subtree(mount));
  if (propagate) {
    for (const each of counterparts(mount)) each.locked = false;
    const candidates = new Set<Mount>();
    const queue = [...going];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (const each of counterparts(at)) {
        if (going.has(each) || candidates.has(each)) continue;
        candidates.add(each);
        queue.push(each);
      }
    }
    settle(going, candidates);
    for (const each of candidates) uncover(each, going, candidates);
    for (const each of candidates) going.add(each);
  }
  for (const each of going) {
    each.namespace?.disown(each);
    const stays = each.parent !== null && going.has(each.parent) && (connected || each.locked);
    if (stays) forget(each);
    else if (each.parent !== null) unhang(each);
    dropPropagation(each);
    each.sb.mounts--;
  }
  if (vfs !== undefined) releaseSupers(vfs, new Set([...going].map((each) => each.sb)));
}

/** Filesystems that are mounted nowhere any more, and nobody has a file of, come to their end. */
function releaseSupers(vfs: Vfs, supers: ReadonlySet<SuperBlock>): void {
  const gone = [...supers].filter((sb) => sb.mounts === 0);
  if (gone.length === 0) return;
  const used = new Set<SuperBlock>();
  for (const { mount } of vfs.holders()) used.add(mount.sb);
  for (const sb of gone) if (!used.has(sb)) sb.end();
}

/** What covers a mount that goes and does itself stay moves down to the mount's place. */
function uncover(mount: Mount, going: ReadonlySet<Mount>, candidates: ReadonlySet<Mount>): void {
  const over = mount.children.get(mount.root);
  if (over === undefined || going.has(over) || candidates.has(over)) return;
  let parent = mount.parent!, mountpoint: Dentry = mount.mountpoint!, below = mount;
  // The place below may itself go: down to the first that stays.
  while (candidates.has(parent) && mountpoint === parent.root) {
    below = parent;
    mountpoint = parent.mountpoint!;
    parent = parent.parent!;
  }
  unhang(over);
  if (parent.children.get(mountpoint) === below) {
    unhang(below);
    hang(over, parent, mountpoint);
    // `below` is taken off for good; its own place is told no more.
  } else hang(over, parent, mountpoint);
}
