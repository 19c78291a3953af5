/** One virtual filesystem: its types, devices and mounts. A kernel has one; a program that only wants files can too. @module */
import type { Clock } from "./clock.ts";
import { hostClock } from "./clock.ts";
import type { FsCred } from "./cred.ts";
import { Dentry, Mount, type VPath } from "./dentry.ts";
import { DeviceRegistry } from "./device.ts";
import type { SuperBlock } from "./inode.ts";
import type { MountNamespace } from "./mount_namespace.ts";
import { PeerGroupIds } from "./peer_group.ts";
import { WalkState } from "./walk.ts";

/** A filesystem type that mount(2) can make instances of. */
export interface FsType {
  /** Name as in /proc/filesystems. */
  readonly name: string;
  /** It needs no block device. */
  readonly nodev: boolean;
  /** False for an option that `create` would refuse whatever the others are; where it is missing, `create` tells. */
  accepts?(option: string): boolean;
  /** May a caller whose CAP_SYS_ADMIN is not that of the initial user namespace mount it? Absent: no (man 7 user_namespaces). */
  mayMount?: ((caller: Caller) => boolean) | undefined;
  /** A new instance must not show what locked mounts hide in those that the caller's namespace has (proc, sysfs). */
  readonly revealing?: boolean;
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

/** A place that a task holds: its root or working directory, its program, an open file. */
export interface Holder {
  /** The mount. */
  readonly mount: Mount;
  /** It is a file open for writing. */
  readonly writes: boolean;
}

/** Who pays for memory: a control group. */
export interface MemoryAccount {
  /**
   * Takes `bytes` more, or gives them back when negative. False if there is no room; when they are `needed`, that has the consequences it has
   * (the OOM killer).
   */
  charge(bytes: number, needed: boolean): boolean;
}

/** Where what grows large gets its memory. */
export interface PageSource {
  /** Some megabytes of zeros; undefined where there is nothing better than what every array gets. */
  allocate(): Uint8Array | undefined;
  /** Bytes that are prepared together. */
  readonly step: number;
  /** So many bytes of what was allocated are going to be written, for the first time. */
  prepare(bytes: Uint8Array): void;
  /** Gives a part of that back: the memory is the system's again, and the part reads as zeros. */
  release(bytes: Uint8Array): void;
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
  /** Numbers of peer groups. */
  readonly groupIds: PeerGroupIds = new PeerGroupIds();
  /** What tasks hold of mounts; asked only where the answer decides (umount, a change to read-only). A kernel sets it. */
  holders: () => Iterable<Holder> = () => [];
  /** Who pays for the memory of a file that is made by the walk under way; null for nobody. A kernel sets it. */
  payer: (() => MemoryAccount | null) | null = null;
  /** Memory for large files; null for arrays of their own. A kernel sets it. */
  pages: PageSource | null = null;
  readonly #roots = new WeakMap<SuperBlock, Dentry>();
  #nextMountId = 20;
  #nextDev = 0x14;

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
    sb.mounts++;
    return new Mount(this.#nextMountId++, sb, root, options.flags ?? 0, options.source ?? "none");
  }

  /** True if a task stands on a mount or has a file open there. */
  isInUse(mount: Mount): boolean {
    for (const holder of this.holders()) if (holder.mount === mount) return true;
    return false;
  }

  /** True if a file of a mount (any mount of a filesystem) is open for writing. */
  isWritten(what: Mount | SuperBlock): boolean {
    for (const { mount, writes } of this.holders()) {
      if (writes && (mount === what || mount.sb === what)) return true;
    }
    return false;
  }
}
