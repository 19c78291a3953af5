/** Descriptors that this process was started with and that are none of its children's business. @module */

/** close_range(2), the same number everywhere; CLOSE_RANGE_CLOEXEC. */
const SYS_CLOSE_RANGE = 436n, CLOEXEC = 4n, LAST = 0xffffffffn;

/**
 * Marks every descriptor from `first` on, by default beside the standard ones, to be closed by exec, so that callers' pipes do not get into a container's process. On Linux
 * only; without the C library, or on a kernel before 5.11, they stay as they are.
 */
export function closeOnExec(first = 3): void {
  if (Deno.build.os !== "linux") return;
  try {
    const libc = Deno.dlopen("libc.so.6", {
      syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i64" },
    });
    libc.symbols.syscall(SYS_CLOSE_RANGE, BigInt(first), LAST, CLOEXEC);
    libc.close();
  } catch {
    // No such library: a system with another one.
  }
}
