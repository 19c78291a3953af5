/** Signals by pidfd (man 2 pidfd_send_signal): the number of a process that has ended may be another one's, its descriptor is not. @module */

/** The same numbers on every machine. */
const SYS_PIDFD_SEND_SIGNAL = 424n, SYS_PIDFD_OPEN = 434n;
const ESRCH = 3;

const SYMBOLS = {
  syscall: { parameters: ["i64", "i64", "i64", "i64", "i64"], result: "i64" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

interface Libc {
  /** Makes a system call; a negative errno if it fails. */
  syscall(nr: bigint, a: bigint, b: bigint): number;
  close(fd: number): void;
}

let loaded: Libc | null | undefined;

/** The C library; null where there is none, or no permission for it. */
function libc(): Libc | null {
  if (loaded !== undefined) return loaded;
  if (Deno.build.os !== "linux") return loaded = null;
  for (const name of ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`]) {
    try {
      const { syscall, close, __errno_location } = Deno.dlopen(name, SYMBOLS).symbols;
      const errno = new Deno.UnsafePointerView(__errno_location()!);
      const call = (nr: bigint, a: bigint, b: bigint): number => {
        const result = syscall(nr, a, b, 0n, 0n);
        return result < 0n ? -errno.getInt32() : Number(result);
      };
      return loaded = { syscall: call, close };
    } catch {
      // not this one
    }
  }
  return loaded = null;
}

/**
 * Sends a signal to the process that has this number, if `isMeant` says so once nobody else can get the number. False if it is another one,
 * or has ended; undefined where it has to be done in another way.
 */
export function signalByPidfd(pid: number, signal: number, isMeant: () => boolean): boolean | undefined {
  const c = libc();
  if (c === null) return undefined;
  const fd = c.syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n);
  if (fd < 0) return fd === -ESRCH ? false : undefined;
  try {
    if (!isMeant()) return false;
    const sent = c.syscall(SYS_PIDFD_SEND_SIGNAL, BigInt(fd), BigInt(signal));
    return sent === 0 ? true : sent === -ESRCH ? false : undefined;
  } finally {
    c.close(fd);
  }
}

/** Calls `body` with a descriptor of a process that lives, or has not been waited for; with undefined where there is none. */
export function withPidfd(pid: number, body: (fd: number | undefined) => void): void {
  const c = libc(), fd = c?.syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n) ?? -1;
  if (fd < 0) return body(undefined);
  try {
    body(fd);
  } finally {
    c!.close(fd);
  }
}
