/** Calls of the Linux host's C library that Deno has no words for: names relative to an open directory, times to the nanosecond. @module */
import { makedev } from "../abi/device.ts";
import { EIO, ENAMETOOLONG } from "../abi/errno.ts";
import type { Timespec } from "../abi/stat.ts";
import type { HostStat } from "./host_stat.ts";

// Of the host's C library, for x86_64 and aarch64 (fcntl.h, sys/stat.h).
const O_PATH = 0o10000000, O_CLOEXEC = 0o2000000;
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800;
const UNCHANGED = 0xffffffff; // (uid_t) -1
const UTIME_OMIT = (1 << 30) - 2;

const SYMBOLS = {
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** Deno lets a path below /proc be used only where everything is allowed; asking for less would ask the user. */
const NEEDED = ["ffi", "read", "write", "net", "env", "run", "sys"] as const;

function load(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (NEEDED.some((name) => Deno.permissions.querySync({ name }).state !== "granted")) return undefined;
  for (const name of ["libc.so.6", "libc.so"]) {
    try {
      return Deno.dlopen(name, SYMBOLS).symbols;
    } catch {
      // Another C library, or one from before statx (glibc 2.28).
    }
  }
}

const encoder = new TextEncoder();

/** Longest path that is passed, with its NUL: PATH_MAX. */
const MAX_PATH = 4096;

/** See the module's comment. Every method answers with a negative errno if the host does. */
export class Libc {
  static #loaded: Libc | null | undefined;
  readonly #path = new Uint8Array(MAX_PATH);
  readonly #statx = new Uint8Array(256);
  readonly #view = new DataView(this.#statx.buffer);
  readonly #errno: Deno.UnsafePointerView;

  private constructor(readonly symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]) {
    this.#errno = new Deno.UnsafePointerView(symbols.__errno_location()!); // this thread's, for good
  }

  /** The library; undefined on other hosts, and without the permissions. */
  static load(): Libc | undefined {
    if (Libc.#loaded === undefined) {
      const symbols = load();
      Libc.#loaded = symbols === undefined ? null : new Libc(symbols);
    }
    return Libc.#loaded ?? undefined;
  }

  #failed(): number {
    return -(this.#errno.getInt32() || EIO);
  }

  /** Writes a path where the library finds it; false if it is too long. */
  #put(path: string): boolean {
    const { read, written } = encoder.encodeInto(path, this.#path.subarray(0, MAX_PATH - 1));
    this.#path[written] = 0;
    return read === path.length;
  }

  /** A descriptor for whatever is at a path, links included: openat(2) with O_PATH. */
  open(directory: number | undefined, path: string): number {
    if (!this.#put(path)) return -ENAMETOOLONG;
    const fd = this.symbols.openat(directory ?? AT_FDCWD, this.#path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    return fd >= 0 ? fd : this.#failed();
  }

  /** Closes a descriptor. */
  close(fd: number): void {
    this.symbols.close(fd);
  }

  /** What is at a name in a directory, a link itself; of the descriptor's own file if the name is empty. */
  stat(fd: number, name: string): HostStat | number {
    if (!this.#put(name)) return -ENAMETOOLONG;
    const flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (name === "" ? AT_EMPTY_PATH : 0);
    const mask = STATX_BASIC_STATS | STATX_BTIME;
    if (this.symbols.statx(fd, this.#path, flags, mask, this.#statx) < 0) return this.#failed();
    const v = this.#view;
    const u32 = (at: number): number => v.getUint32(at, true);
    const u64 = (at: number): number => u32(at) + u32(at + 4) * 0x100000000;
    const s64 = (at: number): number => u32(at) + v.getInt32(at + 4, true) * 0x100000000;
    return {
      mode: v.getUint16(28, true),
      ino: u64(32),
      dev: makedev(u32(136), u32(140)),
      birth: (u32(0) & STATX_BTIME) === 0 ? 0 : s64(80) * 1000 + Math.floor(u32(88) / 1e6),
      nlink: u32(16),
      uid: u32(20),
      gid: u32(24),
      rdev: makedev(u32(128), u32(132)),
      size: u64(40),
      atimeSec: s64(64),
      atimeNsec: u32(72),
      mtimeSec: s64(112),
      mtimeNsec: u32(120),
      ctimeSec: s64(96),
      ctimeNsec: u32(104),
    };
  }

  /** Sets times of what a path leads to; those that are left out stay. */
  setTimes(path: string, atime: Timespec | undefined, mtime: Timespec | undefined): number {
    return this.#utimensat(AT_FDCWD, path, atime, mtime, 0);
  }

  /** Sets times of what is at a name in a directory, of a link itself. */
  setTimesAt(fd: number, name: string, atime: Timespec | undefined, mtime: Timespec | undefined): number {
    return this.#utimensat(fd, name, atime, mtime, AT_SYMLINK_NOFOLLOW);
  }

  /** Sets the owner of what is at a name in a directory, of a link itself; what is left out stays. */
  setOwnerAt(fd: number, name: string, uid: number | undefined, gid: number | undefined): number {
    if (!this.#put(name)) return -ENAMETOOLONG;
    const flags = AT_SYMLINK_NOFOLLOW;
    const error = this.symbols.fchownat(fd, this.#path, uid ?? UNCHANGED, gid ?? UNCHANGED, flags);
    return error < 0 ? this.#failed() : 0;
  }

  #utimensat(
    fd: number,
    path: string,
    atime: Timespec | undefined,
    mtime: Timespec | undefined,
    flags: number,
  ): number {
    if (!this.#put(path)) return -ENAMETOOLONG;
    const times = new DataView(new ArrayBuffer(32));
    for (const [at, time] of [[0, atime], [16, mtime]] as const) {
      times.setBigInt64(at, BigInt(time?.sec ?? 0), true);
      times.setBigInt64(at + 8, BigInt(time?.nsec ?? UTIME_OMIT), true);
    }
    const error = this.symbols.utimensat(fd, this.#path, new Uint8Array(times.buffer), flags);
    return error < 0 ? this.#failed() : 0;
  }
}
