/** The host's clocks for the kernel. @module */
import { hostKernelClock, type KernelClock } from "../kernel/clock.ts";

/** Reads after which it pays to load the C library's clock. */
const UPGRADE_AFTER = 2000;

type ClockGettime = (id: number, out: Uint32Array<ArrayBuffer>) => number;

/** clock_gettime(2) of the C library through FFI: on Linux it is half as dear as Deno's own clocks, and has nanoseconds. */
function loadClockGettime(): ClockGettime | undefined {
  if (Deno.build.os !== "linux") return undefined;
  for (const name of ["libc.so.6", "libc.so"]) {
    try {
      const library = Deno.dlopen(
        name,
        { clock_gettime: { parameters: ["i32", "buffer"], result: "i32" } } as const,
      );
      return library.symbols.clock_gettime as ClockGettime;
    } catch {
      // No such library, or no permission for FFI: the portable clocks are right, only slower.
    }
  }
}

const CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1;

/** Clocks that begin with the portable ones and turn to the C library's when they are read often. */
export function hostClock(): KernelClock {
  const portable = hostKernelClock();
  const now = new Uint32Array(4); // struct timespec: two 64-bit numbers; seconds fit 32 bits until 2106
  let native: ClockGettime | undefined;
  let reads = 0;
  let monotonicOffset = 0;
  const read = (id: number): number => {
    native!(id, now);
    return now[0]! * 1000 + now[2]! / 1e6;
  };
  const upgrade = (): void => {
    native = loadClockGettime();
    // The two monotonic clocks have different zeros: what has been told so far goes on.
    if (native !== undefined) monotonicOffset = portable.monotonic() - read(CLOCK_MONOTONIC);
  };
  return {
    realtime(): number {
      if (native !== undefined) return read(CLOCK_REALTIME);
      if (++reads === UPGRADE_AFTER) upgrade();
      return portable.realtime();
    },
    monotonic(): number {
      if (native !== undefined) return read(CLOCK_MONOTONIC) + monotonicOffset;
      if (++reads === UPGRADE_AFTER) upgrade();
      return portable.monotonic();
    },
    resolutionNs: Deno.build.os === "linux" ? 1 : 1000,
  };
}
