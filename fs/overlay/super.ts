/** overlay(5) in TypeScript: read-only trees seen through a writable one. @module */
import { EROFS } from "../abi/errno.ts";
import type { Statfs } from "../abi/stat.ts";
import { type Clock, hostClock } from "../vfs/clock.ts";
import { type Inode, SuperBlock } from "../vfs/inode.ts";
import { OverlayInode } from "./inode.ts";
import { isOpaque } from "./marks.ts";

const MAGIC = 0x794c7630;
/** What an overlay is made of. */
export interface OverlayOptions {
  /** Root directories of the read-only trees, the topmost first. */
  readonly lowers: readonly Inode[];
  /** Root directory of the writable tree; without one the overlay is read only. */
  readonly upper?: Inode | null;
  /** Source of times. */
  readonly clock?: Clock;
  /** What showOptions tells: "lowerdir=…". */
  readonly shown?: string;
}

/** See the module's comment. */
export class OverlaySuper extends SuperBlock {
  /** See SuperBlock. */
  readonly type = "overlay";
  /** See SuperBlock. */
  readonly root: OverlayInode;
  /** The writable tree's root; null if there is none. */
  readonly upper: Inode | null;
  readonly #lowerSupers: readonly SuperBlock[];
  readonly #shown: string;
  /** The lower trees are whole filesystems: a path means the same in them and here. */
  readonly #whole: boolean;
  readonly #inodes: Map<Inode, OverlayInode> = new Map();
  /** Inode numbers that copied-up files keep, by the number of their upper inode. */
  readonly #kept: Map<number, number> = new Map();

  /** An overlay of these trees. */
  constructor(options: OverlayOptions) {
    super(options.clock ?? hostClock);
    this.upper = options.upper ?? null;
    this.readOnly = this.upper === null;
    this.#shown = options.shown ?? "";
    const { lowers } = options;
    this.#lowerSupers = [...new Set(lowers.map((lower) => lower.sb))];
    this.#whole = lowers.every((lower) => lower === lower.sb.root);
    const last = lowers.findIndex(isOpaque);
    this.root = new OverlayInode(this, this.upper, last < 0 ? lowers : lowers.slice(0, last + 1), null, "");
  }

  /** The inode of a merged file: the same object as long as it exists. */
  inode(upper: Inode | null, lowers: readonly Inode[], parent: OverlayInode, name: string): OverlayInode {
    const real = upper ?? lowers[0]!;
    let inode = this.#inodes.get(real);
    if (inode === undefined) {
      this.#inodes.set(real, inode = new OverlayInode(this, upper, lowers, parent, name));
    } else inode.seenAt(parent, name);
    return inode;
  }

  /** The number of a file: unique among all trees, and kept when a file is copied up. */
  number(real: Inode): number {
    if (real.sb === this.upper?.sb) {
      return this.#kept.get(real.ino) ?? real.ino * (this.#lowerSupers.length + 1);
    }
    return real.ino * (this.#lowerSupers.length + 1) + 1 + this.#lowerSupers.indexOf(real.sb);
  }

  /** `inode` now has `upper` as its real file; a lower one's other names still lead to it. */
  copiedUp(inode: OverlayInode, upper: Inode): void {
    this.#kept.set(upper.ino, inode.ino);
    this.#inodes.set(upper, inode);
  }

  /** Where a lower file is seen that has several names: with directory and name; null if it has one, or nobody knows. */
  namesOf(real: Inode): readonly (readonly [dir: OverlayInode, name: string])[] | null {
    const paths = this.#whole ? real.paths() : null;
    if (paths === null) return null;
    const found: [OverlayInode, string][] = [];
    for (const path of paths) {
      const slash = path.lastIndexOf("/"), name = path.slice(slash + 1);
      const dir = slash < 0 ? this.root : this.#directory(path.slice(0, slash));
      if (dir !== null && dir.realOf(name) === real) found.push([dir, name]);
    }
    return found;
  }

  #directory(path: string): OverlayInode | null {
    let dir = this.root;
    for (const part of path.split("/")) {
      const next = dir.lookupDirectory(part);
      if (next === null) return null;
      dir = next;
    }
    return dir;
  }

  /** A file is gone for good. */
  forget(real: Inode): void {
    this.#inodes.delete(real);
    if (real.sb === this.upper?.sb) this.#kept.delete(real.ino);
  }

  /** See SuperBlock. */
  statfs(out: Statfs): number {
    const error = (this.upper ?? this.#lowerSupers[0]?.root)?.sb.statfs(out) ?? -EROFS;
    out.type = MAGIC;
    return error;
  }

  /** See SuperBlock. */
  override showOptions(): string {
    return this.#shown;
  }

  /** See SuperBlock. */
  override sync(): number {
    return this.upper?.sb.sync() ?? 0;
  }

  /** See SuperBlock. Lower and upper trees made for this overlay alone end with it. */
  override shutdown(): void {
    for (const sb of this.#lowerSupers) sb.shutdown();
    this.upper?.sb.shutdown();
  }
}
