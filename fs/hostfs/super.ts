/**
 * A directory or file of the host as a filesystem: a bind mount. Paths are resolved here, component by component: a symbolic
 * link is handed to the path walk as text, and never followed by the host. On Linux every name is looked up in an open directory
 * (linux_places.ts), so that nobody can lead a walk outside by moving directories. Elsewhere, before a file is opened or a name changed, its
 * directory must still really be where it was found, and after an open the file must be the one that was looked at: a process of the
 * host's own user that swaps directories at the right moment can still win that race.
 * @module
 */
import { errnoName } from "../abi/errno.ts";
import type { Statfs } from "../abi/stat.ts";
import { type Clock, hostClock } from "../vfs/clock.ts";
import { SuperBlock } from "../vfs/inode.ts";
import { type HostStat, keyOf } from "./host_stat.ts";
import { HostInode } from "./inode.ts";
import { LinuxPlaces } from "./linux_places.ts";
import { join, PathPlaces, type Places } from "./places.ts";

/** What a hostfs shows. */
export interface HostfsOptions {
  /** Path of a directory or file of the host. Links in it are followed, as mount(8) does. */
  readonly path: string;
  /** Nothing may be changed. */
  readonly readOnly?: boolean;
  /** Source of times. */
  readonly clock?: Clock;
  /** How its files are named to the host; the safest way there is by default. */
  readonly places?: (path: string) => Places;
}

/** See the module's comment. */
export class HostfsSuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type = "hostfs";
  /** See SuperBlock. */
  override readonly volatile = true;
  /** See SuperBlock: the host's users decide what is in it. */
  override readonly trusted = false;
  /** See SuperBlock. */
  readonly root: HostInode;
  /** Path without links. */
  readonly path: string;
  /** Where host calls find its files. */
  readonly places: Places;
  /** Inodes that somebody holds: a host can have more files than memory. */
  readonly #inodes: Map<string, WeakRef<HostInode>> = new Map();
  readonly #unused: FinalizationRegistry<string>;
  #next = 1;

  /** Shows `path`. Throws if it does not exist or cannot be reached. */
  constructor(options: HostfsOptions) {
    super(options.clock ?? hostClock);
    this.readOnly = options.readOnly ?? false;
    const path = this.path = Deno.realPathSync(options.path);
    this.places = options.places?.(path) ?? LinuxPlaces.open(path) ?? new PathPlaces(path);
    const inodes = this.#inodes;
    this.#unused = new FinalizationRegistry((key) => {
      if (inodes.get(key)?.deref() === undefined) inodes.delete(key);
    });
    const stat = this.places.root();
    if (typeof stat === "number") throw new Error(`reading ${path}: ${errnoName(-stat)}`);
    this.root = this.inode(stat, null, "");
  }

  /** The inode of a host file: one for all its hard links. */
  inode(stat: HostStat, parent: HostInode | null, name: string): HostInode {
    const key = keyOf(stat) ?? join(parent?.key ?? "", name);
    let inode = this.#inodes.get(key)?.deref();
    if (inode !== undefined && stat.mode >>> 12 === inode.mode >>> 12) {
      // The root's place is fixed: it can be found again below itself only through a bind mount of the host.
      if (inode.parent !== null) inode.seenAt(parent, name);
    } else {
      inode = new HostInode(this, stat.ino || this.#next++, stat, key, parent, name);
      this.#inodes.set(key, new WeakRef(inode));
      this.#unused.register(inode, key);
    }
    return inode;
  }

  /** An inode has lost its last name. */
  forget(inode: HostInode): void {
    this.#inodes.delete(inode.key);
    this.places.drop(inode);
  }

  /** See SuperBlock. */
  override shutdown(): void {
    this.places.close();
  }

  /** See SuperBlock. The host's figures cannot be asked for: none are given. */
  statfs(out: Statfs): number {
    out.type = 0x01021997; // V9FS_MAGIC: the one for trees of a host
    out.bsize = 4096;
    out.blocks =
      out.bfree =
      out.bavail =
      out.files =
      out.ffree =
        0;
    out.namelen = 255;
    return 0;
  }
}
