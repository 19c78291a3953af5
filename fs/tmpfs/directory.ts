/** The entries of a tmpfs directory, each with a number of its own: positions that stay right while names come and go. @module */
import { modeToDt } from "../abi/mode.ts";
import type { Inode } from "../vfs/inode.ts";
import type { DirEntry, DirStream } from "../vfs/open_file.ts";

interface Slot {
  readonly inode: Inode;
  readonly cookie: number;
}

/** Names in the order they were made, which is the order of their cookies. */
export class Directory {
  readonly #slots = new Map<string, Slot>();
  #next = 1;

  /** Number of names. */
  get size(): number {
    return this.#slots.size;
  }
  /** The inode of a name. */
  get(name: string): Inode | undefined {
    return this.#slots.get(name)?.inode;
  }
  /** Adds or replaces a name; a replaced one counts as new. */
  set(name: string, inode: Inode): void {
    this.#slots.delete(name);
    this.#slots.set(name, { inode, cookie: this.#next++ });
  }
  /** Removes a name. */
  delete(name: string): void {
    this.#slots.delete(name);
  }

  /** A reading position at the start. */
  stream(): DirStream {
    return new Stream(this.#slots);
  }
}

class Stream implements DirStream {
  #after = 0;
  #iterator: Iterator<[string, Slot]> | null = null;

  constructor(readonly slots: Map<string, Slot>) {}

  next(): DirEntry | null {
    const iterator = this.#iterator ??= this.slots.entries();
    for (;;) {
      const step = iterator.next();
      if (step.done) {
        this.#iterator = null; // entries made later have higher cookies: a new iterator finds them
        return null;
      }
      const [name, { inode, cookie }] = step.value;
      if (cookie <= this.#after) continue;
      this.#after = cookie;
      return { name, ino: inode.ino, type: modeToDt(inode.mode), cookie };
    }
  }

  seek(cookie: number): void {
    if (cookie === this.#after) return;
    this.#after = cookie;
    this.#iterator = null;
  }
}
