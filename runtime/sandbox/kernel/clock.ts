/** The kernel's clocks (man 2 clock_gettime). @module */

/** Time as tasks see it. */
export interface KernelClock {
  /** CLOCK_REALTIME, milliseconds since 1970 with fractions. */
  realtime(): number;
  /** CLOCK_MONOTONIC, milliseconds with fractions; its zero is the start of the kernel's host process or earlier. */
  monotonic(): number;
  /** Resolution of both in nanoseconds. */
  readonly resolutionNs: number;
}

/** The host's clocks. performance.now() is monotonic; the time of day is Date.now(), refined by it between milliseconds. */
export function hostKernelClock(): KernelClock {
  let lastMs = 0, lastAt = 0;
  return {
    realtime(): number {
      const ms = Date.now();
      const at = performance.now();
      if (ms !== lastMs) {
        lastMs = ms;
        lastAt = at;
        return ms;
      }
      // Within one millisecond the monotonic clock tells how far it has come; never into the next one.
      return ms + Math.min(at - lastAt, 0.999999);
    },
    monotonic: () => performance.now(),
    resolutionNs: 1000,
  };
}
