/**
 * Files of a Linux host by their directory's descriptor. A directory is opened once, relative to the directory above it, without following
 * a link (O_PATH | O_NOFOLLOW), and from then on named as /proc/self/fd/N: whoever renames directories of the host, or puts links in
 * their place, changes nothing about where a name is looked up. This is openat(2), through calls that only take paths.
 * @module
 */
import { ELOOP, ENOENT, ENOTDIR, EOPNOTSUPP } from "../abi/errno.ts";
import { isDir, isLnk } from "../abi/mode.ts";
import type { SetAttr } from "../vfs/inode.ts";
import { attempt } from "./host_errno.ts";
import type { HostStat } from "./host_stat.ts";
import { Libc } from "./libc.ts";
import { isSame, join, MAX_DEPTH, type Pin, type Placed, type Places } from "./places.ts";

/** Directories that are held open at most, besides the root. */
const MAX_HELD = 128;

const held = (fd: number): string => `/proc/self/fd/${fd}`;

/** See the module's comment. */
export class LinuxPlaces implements Places {
  /** Least recently used first. */
  readonly #directories: Map<Placed, number> = new Map();

  #root: number;

  private constructor(readonly libc: Libc, root: number) {
    this.#root = root;
  }

  /** Files below `root`; undefined where that takes what is missing: Linux, FFI, a real /proc. */
  static open(root: string): LinuxPlaces | undefined {
    const libc = Libc.load();
    if (libc === undefined) return undefined;
    const fd = libc.open(undefined, root);
    if (fd < 0) return undefined;
    const there = attempt(() => Deno.lstatSync(root)), seen = attempt(() => Deno.statSync(held(fd)));
    if (
      typeof there !== "number" && typeof seen !== "number" && there.ino === seen.ino &&
      there.dev === seen.dev
    ) return new LinuxPlaces(libc, fd);
    libc.close(fd);
  }

  /** See Places. */
  root(): HostStat | number {
    return this.#root < 0 ? -ENOENT : this.libc.stat(this.#root, "");
  }

  /** See Places. */
  at(dir: Placed, name: string): string | number {
    const path = this.directory(dir);
    return typeof path === "number" ? path : join(path, name);
  }

  /** See Places. */
  directory(dir: Placed): string | number {
    const fd = this.#descriptor(dir);
    return fd < 0 ? fd : held(fd);
  }

  /** The descriptor of a directory, opened if need be. */
  #descriptor(dir: Placed): number {
    if (dir.parent === null) return this.#root < 0 ? -ENOENT : this.#root;
    const known = this.#directories.get(dir);
    if (known !== undefined) {
      this.#directories.delete(dir);
      this.#directories.set(dir, known);
      return known;
    }
    const missing: Placed[] = [];
    let at = dir;
    while (at.parent !== null && !this.#directories.has(at)) {
      if (missing.push(at) > MAX_DEPTH) return -ELOOP;
      at = at.parent;
    }
    const from = at.parent === null ? this.#root : this.#directories.get(at)!;
    if (from < 0) return -ENOENT;
    let above = from;
    while (missing.length > 0) {
      const next = this.#open(above, missing.pop()!);
      if (above !== from) this.libc.close(above);
      if (next < 0) return next;
      above = next;
    }
    this.#hold(dir, above);
    return above;
  }

  /** Opens a directory in the one of descriptor `above`. */
  #open(above: number, dir: Placed): number {
    const fd = this.libc.open(above, dir.name);
    if (fd < 0) return fd;
    const stat = this.libc.stat(fd, "");
    if (typeof stat !== "number" && isDir(stat.mode) && isSame(dir, stat)) return fd;
    this.libc.close(fd);
    return typeof stat === "number" ? stat : isDir(stat.mode) ? -ENOENT : -ENOTDIR;
  }

  /**
   * Keeps a directory open. One more closes one at most, the one that was used longest ago: the paths of two directories, asked for one
   * after the other, are both good (rename, link).
   */
  #hold(dir: Placed, fd: number): void {
    if (this.#directories.size >= MAX_HELD) {
      const [oldest, old] = this.#directories.entries().next().value!;
      this.#directories.delete(oldest);
      this.libc.close(old);
    }
    this.#directories.set(dir, fd);
  }

  /** See Places. */
  look(dir: Placed, name: string): HostStat | number {
    const fd = this.#descriptor(dir);
    return fd < 0 ? fd : this.libc.stat(fd, name);
  }

  /** See Places. */
  stat(file: Placed): HostStat | number {
    if (file.parent === null) return this.root();
    const own = this.#directories.get(file);
    if (own !== undefined) return this.libc.stat(own, "");
    const stat = this.look(file.parent, file.name);
    return typeof stat === "number" || isSame(file, stat) ? stat : -ENOENT;
  }

  /** See Places. */
  pin(file: Placed): Pin | number {
    if (file.parent === null) return this.#pinned(file, this.#root, () => {});
    const above = this.#descriptor(file.parent);
    if (above < 0) return above;
    const fd = this.libc.open(above, file.name);
    return fd < 0 ? fd : this.#pinned(file, fd, () => this.libc.close(fd));
  }

  #pinned(file: Placed, fd: number, release: () => void): Pin | number {
    const stat = this.libc.stat(fd, ""), path = held(fd);
    if (typeof stat !== "number" && isSame(file, stat) && !isLnk(stat.mode)) {
      return { path, stat, setTimes: (atime, mtime) => this.libc.setTimes(path, atime, mtime), release };
    }
    release();
    return typeof stat === "number" ? stat : isLnk(stat.mode) ? -ELOOP : -ENOENT;
  }

  /** See Places. */
  setLink(link: Placed, attr: SetAttr): number {
    if (attr.mode !== undefined || attr.size !== undefined) return -EOPNOTSUPP;
    const above = this.#descriptor(link.parent!);
    if (above < 0) return above;
    const stat = this.libc.stat(above, link.name);
    if (typeof stat === "number") return stat;
    if (!isSame(link, stat)) return -ENOENT;
    const { uid, gid, atime, mtime } = attr;
    let error = 0;
    if (uid !== undefined || gid !== undefined) error = this.libc.setOwnerAt(above, link.name, uid, gid);
    if (error === 0 && (atime !== undefined || mtime !== undefined)) {
      error = this.libc.setTimesAt(above, link.name, atime, mtime);
    }
    return error;
  }

  /** See Places. */
  drop(dir: Placed): void {
    const fd = this.#directories.get(dir);
    if (fd === undefined) return;
    this.#directories.delete(dir);
    this.libc.close(fd);
  }

  /** See Places. */
  close(): void {
    for (const fd of this.#directories.values()) this.libc.close(fd);
    this.#directories.clear();
    if (this.#root >= 0) this.libc.close(this.#root);
    this.#root = -1; // no descriptor: what is asked for later is not there
  }
}
