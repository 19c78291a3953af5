/** The C library of a Linux host, as far as trees of files need it. @module */
import { nameToBytes } from "../../../fs/abi/name.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "../../../fs/abi/open.ts";
import { ERRNO, errnoName } from "../../../fs/abi/errno.ts";
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { HostError } from "./types.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  close: { parameters: ["i32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  fchown: { parameters: ["i32", "u32", "u32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  fgetxattr: { parameters: ["i32", "buffer", "buffer", "usize"], result: "isize" },
  flistxattr: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  fremovexattr: { parameters: ["i32", "buffer"], result: "i32" },
  fsetxattr: { parameters: ["i32", "buffer", "buffer", "usize", "i32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  lgetxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  llistxattr: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  lsetxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  mknodat: { parameters: ["i32", "buffer", "u32", "u64"], result: "i32" },
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  readlinkat: { parameters: ["i32", "buffer", "buffer", "usize"], result: "isize" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  syncfs: { parameters: ["i32"], result: "i32" },
  symlinkat: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
} as const;

/** Its functions. */
export type LibcSymbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** The library, with errno. */
export interface Libc {
  /** Functions. */
  readonly c: LibcSymbols;
  /** errno of the call just made. */
  errno(): number;
}

let loaded: Libc | null | undefined;

/** The library; null where there is none, or where it lacks something (an old C library, a host that is not Linux). */
export function libc(): Libc | null {
  if (loaded !== undefined) return loaded;
  if (Deno.build.os !== "linux") return loaded = null;
  for (const name of ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`]) {
    try {
      const c = Deno.dlopen(name, SYMBOLS).symbols;
      const view = new Deno.UnsafePointerView(c.__errno_location()!);
      return loaded = { c, errno: () => view.getInt32() };
    } catch {
      // not this one
    }
  }
  return loaded = null;
}

/** An error of the call just made. */
export function failed(lib: Libc, doing: string): HostError {
  const errno = lib.errno();
  return new HostError(doing, errnoName(errno), errnoText(errno));
}

const scratch = [new Uint8Array(8192), new Uint8Array(8192)] as const;

/**
 * A name or path as the library wants it, in one of two buffers that are used again at the next call. Throws if it is longer than any
 * path can be, or contains a NUL.
 */
export function cString(text: string, which: 0 | 1 = 0): Uint8Array<ArrayBuffer> {
  const buffer = scratch[which];
  let i = 0;
  for (; i < text.length && i < 4096; i++) {
    const c = text.charCodeAt(i);
    if (c === 0 || c >= 0x80) break;
    buffer[i] = c;
  }
  if (i === text.length) {
    buffer[i] = 0;
    return buffer;
  }
  const bytes = nameToBytes(text);
  if (bytes.length > 4096 || bytes.includes(0)) {
    throw new HostError(`name ${JSON.stringify(text.slice(0, 60))}`, "EINVAL", errnoText(ERRNO.EINVAL));
  }
  buffer.set(bytes);
  buffer[bytes.length] = 0;
  return buffer;
}

/** Brings what has been written to the filesystem of a directory to the disk (man 2 syncfs). */
export function syncFilesystem(directory: string): void {
  const lib = libc();
  if (lib === null) throw new Error(`syncing ${directory}: this host's C library cannot be called`);
  const fd = lib.c.openat(AT_FDCWD, cString(directory), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) throw failed(lib, `opening ${directory}`);
  try {
    if (lib.c.syncfs(fd) < 0) throw failed(lib, `syncing ${directory}`);
  } finally {
    lib.c.close(fd);
  }
}
