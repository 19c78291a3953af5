/** The kernel's clocks (man 2 clock_gettime). @module */

/** CLOCK_REALTIME: since 1970. */
export const CLOCK_REALTIME = 0;
/** CLOCK_MONOTONIC: its zero is the start of the kernel's host process or earlier. */
export const CLOCK_MONOTONIC = 1;

/** Time as tasks see it. */
export abstract class KernelClock {
  /** What `sample` read: whole seconds. */
  sec = 0;
  /** What `sample` read: nanoseconds beside them, 0 to 999,999,999. */
  nsec = 0;
  /** Resolution of both clocks in nanoseconds. */
  abstract readonly resolutionNs: number;
  /** Reads CLOCK_REALTIME or CLOCK_MONOTONIC into `sec` and `nsec`: no object for each reading, nothing lost to rounding. */
  abstract sample(id: number): void;

  #ms(id: number): number {
    this.sample(id);
    return this.sec * 1000 + this.nsec / 1e6;
  }
  /** CLOCK_REALTIME in milliseconds with fractions. */
  realtime(): number {
    return this.#ms(CLOCK_REALTIME);
  }
  /** CLOCK_MONOTONIC in milliseconds with fractions. */
  monotonic(): number {
    return this.#ms(CLOCK_MONOTONIC);
  }
}

/** The clocks of any JavaScript host: performance.now(), and Date.now() refined by it between milliseconds. */
export class PortableClock extends KernelClock {
  /** See KernelClock. */
  override readonly resolutionNs: number = 1000;
  #lastMs = 0;
  #lastAt = 0;

  /** See KernelClock. */
  override sample(id: number): void {
    const at = performance.now();
    if (id === CLOCK_MONOTONIC) return this.#set(Math.floor(at), at % 1);
    const ms = Date.now();
    if (ms !== this.#lastMs) {
      this.#lastMs = ms;
      this.#lastAt = at;
    }
    // Within one millisecond the monotonic clock tells how far it has come; never into the next one.
    this.#set(ms, Math.min(at - this.#lastAt, 0.999999));
  }

  #set(ms: number, fraction: number): void {
    this.sec = Math.floor(ms / 1000);
    this.nsec = (ms - this.sec * 1000) * 1e6 + Math.floor(fraction * 1e6);
  }
}
