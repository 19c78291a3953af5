/**
 * Reading a merged directory. Lower trees come first, from the top, then what only the upper tree has: a lower name keeps its
 * place when it is copied up, so no entry is skipped or repeated while files change. A position is the tree's number in the upper bits
 * and the tree's own cookie in the lower 32.
 * @module
 */
import { modeToDt } from "../abi/mode.ts";
import type { Inode } from "../vfs/inode.ts";
import type { DirEntry, DirStream } from "../vfs/open_file.ts";
import type { OverlayInode } from "./inode.ts";
import { isWhiteout } from "./marks.ts";

const TREE = 2 ** 32;

/** See the module's comment. */
export class MergedStream implements DirStream {
  #tree = 0;
  #after = 0;
  #stream: DirStream | null = null;

  /** Entries of a directory, from the start. */
  constructor(readonly dir: OverlayInode) {}

  /** See DirStream. */
  next(): DirEntry | null | number {
    const { lowers } = this.dir;
    for (;;) {
      const stream = this.#open();
      if (typeof stream === "number") return stream;
      const entry = stream === null ? null : stream.next();
      if (typeof entry === "number") return entry;
      if (entry === null) {
        if (this.#tree >= lowers.length) return null;
        this.#tree++;
        this.#after = 0;
        this.#stream = null;
        continue;
      }
      this.#after = entry.cookie;
      const file = this.#tree < lowers.length
        ? this.#visibleLower(entry.name)
        : this.#visibleUpper(entry.name);
      if (file === null) continue;
      return {
        name: entry.name,
        ino: this.dir.fs.number(file),
        type: modeToDt(file.mode),
        cookie: this.#tree * TREE + entry.cookie,
      };
    }
  }

  #open(): DirStream | null | number {
    if (this.#stream !== null) return this.#stream;
    const { lowers, upper } = this.dir;
    const tree = this.#tree < lowers.length ? lowers[this.#tree]! : upper;
    if (tree === null) return null;
    const stream = tree.openDir();
    if (typeof stream === "number") return stream;
    if (this.#after > 0) stream.seek(this.#after);
    return this.#stream = stream;
  }

  /** What a lower name shows: the upper file of that name if there is one; null if hidden or a higher tree's turn. */
  #visibleLower(name: string): Inode | null {
    const { lowers, upper } = this.dir;
    for (let i = 0; i < this.#tree; i++) if (typeof lowers[i]!.lookup(name) !== "number") return null;
    const own = lowers[this.#tree]!.lookup(name);
    if (typeof own === "number" || isWhiteout(own)) return null;
    const above = upper?.lookup(name);
    return above === undefined || typeof above === "number" ? own : isWhiteout(above) ? null : above;
  }

  /** What an upper name shows: null for a whiteout, and for a name that had its turn among the lower ones. */
  #visibleUpper(name: string): Inode | null {
    const { lowers, upper } = this.dir;
    const file = upper!.lookup(name);
    if (typeof file === "number" || isWhiteout(file)) return null;
    for (const lower of lowers) {
      const below = lower.lookup(name);
      if (typeof below === "number") continue;
      return isWhiteout(below) ? file : null;
    }
    return file;
  }

  /** See DirStream. */
  seek(cookie: number): void {
    const tree = Math.floor(cookie / TREE), after = cookie - tree * TREE;
    if (tree === this.#tree && after === this.#after) return;
    this.#tree = Math.min(tree, this.dir.lowers.length);
    this.#after = after;
    this.#stream = null;
  }
}
