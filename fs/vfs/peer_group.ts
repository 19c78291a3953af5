/**
 * Propagation types of mounts (man 7 mount_namespaces, "SHARED SUBTREES"): peers share what is mounted and unmounted below
 * them, slaves receive it. All peers of a group have the same master.
 * @module
 */
import { MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from "../abi/mount.ts";
import type { Mount } from "./dentry.ts";

/** Mounts that share mounts and unmounts. */
export class PeerGroup {
  /** The shared mounts. */
  readonly members: Set<Mount> = new Set();
  /** Mounts that receive from this group; those that are shared as well are listed each. */
  readonly slaves: Set<Mount> = new Set();

  /** A group without members; `id` is the number that mountinfo shows. */
  constructor(readonly id: number, readonly ids: PeerGroupIds) {}
}

/** Numbers of peer groups: the lowest free one, as Linux gives them. */
export class PeerGroupIds {
  readonly #used: Set<number> = new Set();
  #lowest = 1;

  /** A new group. */
  create(): PeerGroup {
    let id = this.#lowest;
    while (this.#used.has(id)) id++;
    this.#used.add(id);
    this.#lowest = id + 1;
    return new PeerGroup(id, this);
  }

  /** A group without members gives its number back. */
  release(group: PeerGroup): void {
    this.#used.delete(group.id);
    this.#lowest = Math.min(this.#lowest, group.id);
  }
}

/** Makes `mount` a peer of a group. */
export function joinGroup(mount: Mount, group: PeerGroup): void {
  mount.group = group;
  mount.unbindable = false;
  group.members.add(mount);
}

/** Makes `mount` a slave of a group, or nobody's. */
export function setMaster(mount: Mount, master: PeerGroup | null): void {
  mount.master?.slaves.delete(mount);
  mount.master = master;
  master?.slaves.add(mount);
}

/** Takes a mount out of its group. When the last member goes, its slaves become slaves of its master (shared subtrees, section 5d). */
function leaveGroup(mount: Mount): void {
  const group = mount.group!;
  group.members.delete(mount);
  mount.group = null;
  if (group.members.size > 0) return;
  for (const slave of [...group.slaves]) setMaster(slave, mount.master);
  group.ids.release(group);
}

/** Gives a mount the propagation type MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE (shared subtrees, section 5a). */
export function setPropagation(mount: Mount, type: number, ids: PeerGroupIds): void {
  if (type === MS_SHARED) {
    if (mount.group === null) joinGroup(mount, ids.create());
    return;
  }
  let master = mount.master;
  if (mount.group !== null) {
    // A slave of the peers that are left; without any it keeps the master it had.
    if (type === MS_SLAVE && mount.group.members.size > 1) master = mount.group;
    leaveGroup(mount);
  }
  if (type === MS_SLAVE) return setMaster(mount, master);
  setMaster(mount, null);
  mount.unbindable = type === MS_UNBINDABLE;
}

/** A mount is gone: nothing reaches it and nothing comes from it. */
export function dropPropagation(mount: Mount): void {
  if (mount.group !== null) leaveGroup(mount);
  setMaster(mount, null);
}
