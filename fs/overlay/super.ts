/** overlay(5) in TypeScript: read-only trees seen through a writable one. @module */
import { EROFS } from "../abi/errno.ts";
import { isChr, isDir } from "../abi/mode.ts";
import type { Statfs } from "../abi/stat.ts";
import { type Clock, hostClock } from "../vfs/clock.ts";
import { type Inode, SuperBlock } from "../vfs/inode.ts";
import { OverlayInode } from "./inode.ts";

const MAGIC = 0x794c7630;
/** The attribute of a directory that hides what is below it. */
export const OPAQUE = "trusted.overlay.opaque";

/** The attribute of a layer's directory that the layer does not describe, only names something in: a lower one's attributes count. */
export const IMPLIED = "trusted.overlay.umiak.implied";

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

/** A whiteout: a character device 0:0. */
export function isWhiteout(inode: Inode): boolean {
  return isChr(inode.mode) && inode.rdev === 0;
}

/** True if a directory hides what is below it. */
export function isOpaque(dir: Inode): boolean {
  const value = dir.getxattr(OPAQUE);
  return typeof value !== "number" && value[0] === 0x79; // "y"
}

/** True if a directory has no attributes of its own. */
export function isImplied(dir: Inode): boolean {
  return isDir(dir.mode) && typeof dir.getxattr(IMPLIED) !== "number";
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
  readonly #inodes: Map<Inode, OverlayInode> = new Map();
  /** Inode numbers that copied-up files keep, by the number of their upper inode. */
  readonly #kept: Map<number, number> = new Map();

  /** An overlay of these trees. */
  constructor(options: OverlayOptions) {
    super(options.clock ?? hostClock);
    this.upper = options.upper ?? null;
    this.readOnly = this.upper === null;
    this.#shown = options.shown ?? "";
    this.#lowerSupers = [...new Set(options.lowers.map((lower) => lower.sb))];
    this.root = new OverlayInode(this, this.upper, options.lowers, null, "");
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
