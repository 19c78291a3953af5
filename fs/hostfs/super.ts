/**
 * A directory or file of the host as a filesystem: a bind mount. Paths are resolved here, component by component: a symbolic
 * link is handed to the path walk as text, and never followed by the host. Before a file is opened or a name changed, its directory
 * must still really be where it was found; after an open the file must be the one that was looked at. Deno has no calls relative to an open
 * directory, so a process of the host's own user that swaps directories at the right moment can still win a race.
 * @module
 */
import { ENOTDIR } from "../abi/errno.ts";
import type { Statfs } from "../abi/stat.ts";
import { type Clock, hostClock } from "../vfs/clock.ts";
import { SuperBlock } from "../vfs/inode.ts";
import { attempt } from "./host_errno.ts";
import { HostInode, modeOf } from "./inode.ts";

/** What a hostfs shows. */
export interface HostfsOptions {
  /** Path of a directory or file of the host. Links in it are followed, as mount(8) does. */
  readonly path: string;
  /** Nothing may be changed. */
  readonly readOnly?: boolean;
  /** Source of times. */
  readonly clock?: Clock;
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
  readonly #inodes: Map<string, HostInode> = new Map();
  #next = 1;

  /** Shows `path`. Throws if it does not exist or cannot be reached. */
  constructor(options: HostfsOptions) {
    super(options.clock ?? hostClock);
    this.readOnly = options.readOnly ?? false;
    this.path = Deno.realPathSync(options.path);
    this.root = this.inode(Deno.lstatSync(this.path), null, "");
  }

  /** The inode of a host file: one for all its hard links. */
  inode(info: Deno.FileInfo, parent: HostInode | null, name: string): HostInode {
    const key = info.ino === null
      ? `${parent?.path ?? ""}/${name}`
      : `${info.dev}:${info.ino}:${info.birthtime?.getTime() ?? 0}`;
    let inode = this.#inodes.get(key);
    if (inode !== undefined && modeOf(info) >>> 12 === inode.mode >>> 12) inode.seenAt(parent, name);
    else {
      inode = new HostInode(this, info.ino ?? this.#next++, info, key, parent, name);
      this.#inodes.set(key, inode);
    }
    return inode;
  }

  /** An inode has lost its last name. */
  forget(key: string): void {
    this.#inodes.delete(key);
  }

  /** 0 if a directory is really at `path`, without a link on the way; else -ENOTDIR or why it cannot be looked at. */
  guard(path: string): number {
    const real = attempt(() => Deno.realPathSync(path));
    if (typeof real === "number") return real;
    return real === path ? 0 : -ENOTDIR;
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
