/** Reading a host directory. @module */
import { ENOENT } from "../abi/errno.ts";
import { modeToDt } from "../abi/mode.ts";
import type { DirEntry, DirStream } from "../vfs/open_file.ts";
import { attempt } from "./host_errno.ts";
import type { HostInode } from "./inode.ts";

/**
 * Host directories have no positions that Deno could tell. The names are read once, in order, and numbered; when the stream is rewound to the start they
 * are read again. A name that is gone when its turn comes is left out.
 */
export class HostDirStream implements DirStream {
  #names: string[] | null = null;
  #at = 0;

  /** Entries of a directory. */
  constructor(readonly dir: HostInode) {}

  /** See DirStream. */
  next(): DirEntry | null | number {
    if (this.#names === null) {
      const path = this.dir.fs.places.directory(this.dir);
      if (typeof path === "number") return path === -ENOENT && this.dir.nlink === 0 ? null : path;
      const names = attempt(() => Array.from(Deno.readDirSync(path), (entry) => entry.name));
      if (typeof names === "number") return names;
      this.#names = names.sort();
    }
    while (this.#at < this.#names.length) {
      const name = this.#names[this.#at++]!;
      const inode = this.dir.lookup(name);
      if (typeof inode === "number") continue;
      return { name, ino: inode.ino, type: modeToDt(inode.mode), cookie: this.#at };
    }
    return null;
  }

  /** See DirStream. */
  seek(cookie: number): void {
    if (cookie === 0) this.#names = null;
    this.#at = cookie;
  }
}
