/** Descriptor tables: small numbers to open file descriptions (man 2 open, man 2 dup). @module */
import { EBADF, EINVAL, EMFILE } from "../../../fs/abi/errno.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { TtyFile } from "./tty/pty_files.ts";

/** Every right a personality can know: what a descriptor starts with until the personality narrows it. */
const ALL_RIGHTS = 0x3fffffff;

/** What a descriptor refers to, and what belongs to the descriptor itself. */
export class FdEntry {
  /** Rights of a capability personality (preview1.md#rights); kept here because they live and die with the descriptor. */
  rights = ALL_RIGHTS;
  /** Rights that files opened through it can have. */
  inheriting = ALL_RIGHTS;

  /** The file, if it is a terminal: reading and writing it has to do with jobs (tty/calls.ts). */
  readonly tty: TtyFile | null;

  /** A descriptor of `file`; `cloexec`: closed by execve. */
  constructor(readonly file: OpenFile, public cloexec: boolean) {
    this.tty = file instanceof TtyFile ? file : null;
  }
}

/** One table; tasks may share it (CLONE_FILES). */
export class FdTable {
  readonly #entries: (FdEntry | undefined)[] = [];
  /** No descriptor below is free. */
  #lowest = 0;
  #users = 1;

  /** A table for descriptors below `limit` (RLIMIT_NOFILE). */
  constructor(public limit: number = 1024) {}

  /** The entry of a descriptor. */
  get(fd: number): FdEntry | undefined {
    return fd >= 0 && fd < this.#entries.length ? this.#entries[fd] : undefined;
  }

  /** Gives an open file the lowest free descriptor from `min` on. The table owns the file's reference afterwards. */
  install(file: OpenFile, cloexec = false, min = 0): number {
    const entries = this.#entries;
    let fd = Math.max(min, this.#lowest);
    while (fd < entries.length && entries[fd] !== undefined) fd++;
    if (fd >= this.limit) return -EMFILE;
    while (entries.length < fd) entries.push(undefined);
    entries[fd] = new FdEntry(file, cloexec);
    if (min <= this.#lowest) this.#lowest = fd + 1;
    return fd;
  }

  /** fcntl F_DUPFD: the same open file under the lowest free descriptor from `min` on. */
  dup(fd: number, min: number, cloexec: boolean): number {
    const entry = this.get(fd);
    if (entry === undefined) return -EBADF;
    if (min < 0 || min >= this.limit) return -EINVAL;
    const copy = this.install(entry.file.acquire(), cloexec, min);
    if (copy < 0) entry.file.close();
    else this.#inherit(copy, entry);
    return copy;
  }

  /** dup3(2), and dup2 where both numbers are the same. */
  dup3(from: number, to: number, cloexec: boolean): number {
    const entry = this.get(from);
    if (entry === undefined || to < 0 || to >= this.limit) return -EBADF;
    if (from === to) return to;
    const file = entry.file.acquire();
    const entries = this.#entries;
    const old = this.get(to);
    while (entries.length <= to) entries.push(undefined);
    entries[to] = new FdEntry(file, cloexec);
    this.#inherit(to, entry);
    old?.file.close();
    return to;
  }

  #inherit(fd: number, from: FdEntry): void {
    const entry = this.#entries[fd]!;
    entry.rights = from.rights;
    entry.inheriting = from.inheriting;
  }

  /** close(2). */
  close(fd: number): number {
    const entry = this.get(fd);
    if (entry === undefined) return -EBADF;
    this.#entries[fd] = undefined;
    if (fd < this.#lowest) this.#lowest = fd;
    return entry.file.close();
  }

  /** close_range(2) from `first` to `last`; with `cloexecOnly` only marks them (CLOSE_RANGE_CLOEXEC). */
  closeRange(first: number, last: number, cloexecOnly: boolean): void {
    const end = Math.min(last, this.#entries.length - 1);
    for (let fd = first; fd <= end; fd++) {
      const entry = this.#entries[fd];
      if (entry === undefined) continue;
      if (cloexecOnly) entry.cloexec = true;
      else this.close(fd);
    }
  }

  /** Closes what execve closes. */
  closeOnExec(): void {
    this.#entries.forEach((entry, fd) => {
      if (entry?.cloexec) this.close(fd);
    });
  }

  /** One more task uses it (CLONE_FILES). */
  share(): FdTable {
    this.#users++;
    return this;
  }

  /** Do several tasks use it? */
  get isShared(): boolean {
    return this.#users > 1;
  }

  /** A table for one task alone: itself, or a copy in place of its share (unshare(2), execve(2)). */
  unshare(): FdTable {
    if (this.#users === 1) return this;
    this.#users--;
    return this.clone();
  }

  /** One task less uses it: the last one closes everything. */
  release(): void {
    if (--this.#users === 0) this.closeAll();
  }

  /** Closes everything. */
  closeAll(): void {
    for (let fd = 0; fd < this.#entries.length; fd++) if (this.#entries[fd] !== undefined) this.close(fd);
  }

  /** A copy for a new task (fork). */
  clone(): FdTable {
    const copy = new FdTable(this.limit);
    this.#entries.forEach((entry, fd) => {
      if (entry === undefined) return;
      while (copy.#entries.length < fd) copy.#entries.push(undefined);
      copy.#entries[fd] = new FdEntry(entry.file.acquire(), entry.cloexec);
      copy.#inherit(fd, entry);
    });
    return copy;
  }

  /** Descriptors in use, ascending. */
  list(): number[] {
    return this.#entries.flatMap((entry, fd) => entry === undefined ? [] : [fd]);
  }
}
