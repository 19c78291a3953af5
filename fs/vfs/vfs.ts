/** One virtual filesystem: its types, devices and mounts. A kernel has one; a program that only wants files can too. @module */
import type { Clock } from "./clock.ts";
import { hostClock } from "./clock.ts";
import type { FsCred } from "./cred.ts";
import { Dentry, Mount, type VPath } from "./dentry.ts";
import { DeviceRegistry } from "./device.ts";
import type { SuperBlock } from "./inode.ts";
import type { MountNamespace } from "./mount_namespace.ts";
import { WalkState } from "./walk.ts";

/** A filesystem type that mount(2) can make instances of. */
export interface FsType {
  /** Name as in /proc/filesystems. */
  readonly name: string;
  /** It needs no block device. */
  readonly nodev: boolean;
  /** False for an option that `create` would refuse whatever the others are; where it is missing, `create` tells. */
  accepts?(option: string): boolean;
  /** Makes an instance; options are `key` or `key=value`. */
  create(options: readonly string[], source: string, caller: Caller): SuperBlock | number;
}

/** Who makes a call, and where it stands. A kernel's Task is one. */
export interface Caller {
  /** The virtual filesystem. */
  readonly vfs: Vfs;
  /** Root directory: where absolute paths begin and ".." ends. */
  readonly root: VPath;
  /** Working directory. */
  readonly cwd: VPath;
  /** File mode creation mask. */
  readonly umask: number;
  /** Filesystem identity. */
  readonly cred: FsCred;
  /** Mount namespace. */
  readonly mountNs: MountNamespace;
}

/** Settings of a Vfs. */
export interface VfsOptions {
  /** Time of new mounts' superblocks and of access times. */
  readonly clock?: Clock;
}

/** See the module's comment. */
export class Vfs {
  /** Filesystem types by name. */
  readonly filesystems: Map<string, FsType> = new Map();
  /** Device drivers. */
  readonly devices: DeviceRegistry = new DeviceRegistry();
  /** The time. */
  readonly clock: Clock;
  /** State of the path walk under way; walks do not nest. */
  readonly walk: WalkState = new WalkState();
  readonly #roots = new WeakMap<SuperBlock, Dentry>();
  #nextMountId = 20;
  #nextDev = 0x14;
  #nextPeerGroup = 1;

  /** A Vfs without filesystem types and devices. */
  constructor(options: VfsOptions = {}) {
    this.clock = options.clock ?? hostClock;
  }

  /** The root dentry of a superblock: one, however often it is mounted. Gives the superblock its device id. */
  rootDentry(sb: SuperBlock): Dentry {
    let root = this.#roots.get(sb);
    if (root === undefined) {
      if (sb.dev === 0) sb.dev = this.#nextDev++;
      this.#roots.set(sb, root = new Dentry(sb, "", null, sb.root));
    }
    return root;
  }

  /** A detached mount of a superblock, or of the part below `root`. `flags` are MOUNT_ATTR_*. */
  newMount(
    sb: SuperBlock,
    options: { readonly root?: Dentry; readonly flags?: number; readonly source?: string } = {},
  ): Mount {
    const root = options.root ?? this.rootDentry(sb);
    return new Mount(this.#nextMountId++, sb, root, options.flags ?? 0, options.source ?? "none");
  }

  /** A number for a new peer group of shared mounts. */
  newPeerGroup(): number {
    return this.#nextPeerGroup++;
  }
}
