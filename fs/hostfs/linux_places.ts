/**
 * Files of a Linux host by their directory's descriptor. A directory is opened once, relative to the directory above it, without following
 * a link (O_PATH | O_NOFOLLOW), and from then on named as /proc/self/fd/N: whoever renames directories of the host, or puts links in
 * their place, changes nothing about where a name is looked up. This is openat(2), through calls that only take paths.
 * @module
 */
import { EIO, ELOOP, ENOENT, ENOTDIR } from "../abi/errno.ts";
import { attempt } from "./host_errno.ts";
import { isSame, join, MAX_DEPTH, type Pin, type Placed, type Places } from "./places.ts";

/** Directories that are held open at most, besides the root. */
const MAX_HELD = 128;

// Of the host's C library, for x86_64 and aarch64 (fcntl.h).
const O_PATH = 0o10000000, O_CLOEXEC = 0o2000000;
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const OPEN_FLAGS = O_PATH | O_NOFOLLOW | O_CLOEXEC;

const SYMBOLS = {
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

/** Deno lets a path below /proc be used only where everything is allowed; asking for less would ask the user. */
const NEEDED = ["ffi", "read", "write", "net", "env", "run", "sys"] as const;

function loadLibrary(): Library | undefined {
  if (NEEDED.some((name) => Deno.permissions.querySync({ name }).state !== "granted")) return undefined;
  for (const name of ["libc.so.6", "libc.so"]) {
    try {
      return Deno.dlopen(name, SYMBOLS);
    } catch {
      // Another C library.
    }
  }
}

let library: Library | null | undefined;
const encoder = new TextEncoder();

/** A descriptor for a place, whatever is there; or a negative errno. */
function openPlace(symbols: Library["symbols"], path: string): number {
  const fd = symbols.open(encoder.encode(`${path}\0`), OPEN_FLAGS, 0);
  if (fd >= 0) return fd;
  const errno = symbols.__errno_location();
  return -((errno === null ? 0 : new Deno.UnsafePointerView(errno).getInt32()) || EIO);
}

const held = (fd: number): string => `/proc/self/fd/${fd}`;

/** See the module's comment. */
export class LinuxPlaces implements Places {
  /** Least recently used first. */
  readonly #directories: Map<Placed, number> = new Map();

  #root: number;

  private constructor(readonly symbols: Library["symbols"], root: number) {
    this.#root = root;
  }

  /** Files below `root`; undefined where that takes what is missing: Linux, FFI, a real /proc. */
  static open(root: string): LinuxPlaces | undefined {
    if (Deno.build.os !== "linux") return undefined;
    library ??= loadLibrary() ?? null;
    if (library === null) return undefined;
    const { symbols } = library;
    const fd = openPlace(symbols, root);
    if (fd < 0) return undefined;
    const [there, seen] = [attempt(() => Deno.lstatSync(root)), attempt(() => Deno.statSync(held(fd)))];
    if (
      typeof there !== "number" && typeof seen !== "number" && there.ino === seen.ino &&
      there.dev === seen.dev
    ) {
      return new LinuxPlaces(symbols, fd);
    }
    symbols.close(fd);
  }

  /** See Places. */
  at(dir: Placed, name: string): string | number {
    const path = this.directory(dir);
    return typeof path === "number" ? path : join(path, name);
  }

  /** See Places. */
  directory(dir: Placed): string | number {
    if (dir.parent === null) return held(this.#root);
    const known = this.#directories.get(dir);
    if (known !== undefined) {
      this.#directories.delete(dir);
      this.#directories.set(dir, known);
      return held(known);
    }
    const missing: Placed[] = [];
    let at = dir;
    while (at.parent !== null && !this.#directories.has(at)) {
      if (missing.push(at) > MAX_DEPTH) return -ELOOP;
      at = at.parent;
    }
    const from = at.parent === null ? this.#root : this.#directories.get(at)!;
    let above = from;
    while (missing.length > 0) {
      const next = this.#open(above, missing.pop()!);
      if (above !== from) this.symbols.close(above);
      if (next < 0) return next;
      above = next;
    }
    this.#hold(dir, above);
    return held(above);
  }

  /** Opens a directory in the one of descriptor `above`. */
  #open(above: number, dir: Placed): number {
    const fd = openPlace(this.symbols, join(held(above), dir.name));
    if (fd < 0) return fd;
    const info = attempt(() => Deno.statSync(held(fd)));
    if (typeof info !== "number" && info.isDirectory && isSame(dir, info)) return fd;
    this.symbols.close(fd);
    return typeof info === "number" ? info : info.isDirectory ? -ENOENT : -ENOTDIR;
  }

  /**
   * Keeps a directory open. One more closes one at most, the one that was used longest ago: the paths of two directories, asked for one
   * after the other, are both good (rename, link).
   */
  #hold(dir: Placed, fd: number): void {
    if (this.#directories.size >= MAX_HELD) {
      const [oldest, old] = this.#directories.entries().next().value!;
      this.#directories.delete(oldest);
      this.symbols.close(old);
    }
    this.#directories.set(dir, fd);
  }

  /** See Places. */
  info(file: Placed): Deno.FileInfo | number {
    const own = file.parent === null ? this.#root : this.#directories.get(file);
    if (own !== undefined) return attempt(() => Deno.statSync(held(own)));
    const path = this.at(file.parent!, file.name);
    if (typeof path === "number") return path;
    const info = attempt(() => Deno.lstatSync(path));
    return typeof info === "number" || isSame(file, info) ? info : -ENOENT;
  }

  /** See Places. */
  pin(file: Placed): Pin | number {
    if (file.parent === null) return this.#pinned(file, this.#root, () => {});
    const path = this.at(file.parent, file.name);
    if (typeof path === "number") return path;
    const fd = openPlace(this.symbols, path);
    return fd < 0 ? fd : this.#pinned(file, fd, () => this.symbols.close(fd));
  }

  #pinned(file: Placed, fd: number, release: () => void): Pin | number {
    const info = attempt(() => Deno.statSync(held(fd)));
    if (typeof info !== "number" && isSame(file, info) && !info.isSymlink) {
      return { path: held(fd), info, release };
    }
    release();
    return typeof info === "number" ? info : info.isSymlink ? -ELOOP : -ENOENT;
  }

  /** See Places. */
  drop(dir: Placed): void {
    const fd = this.#directories.get(dir);
    if (fd === undefined) return;
    this.#directories.delete(dir);
    this.symbols.close(fd);
  }

  /** See Places. */
  close(): void {
    for (const fd of this.#directories.values()) this.symbols.close(fd);
    this.#directories.clear();
    if (this.#root >= 0) this.symbols.close(this.#root);
    this.#root = -1; // no descriptor: what is asked for later is not there
  }
}
