/** The host's clocks for the kernel. @module */
import { linuxLibrary } from "./c_library.ts";
import { CLOCK_MONOTONIC, CLOCK_REALTIME, type KernelClock, PortableClock } from "../kernel/clock.ts";

/** Readings after which it pays to load the C library's clock. */
const UPGRADE_AFTER = 2000;
const NS = 1_000_000_000;

const SYMBOLS = { clock_gettime: { parameters: ["i32", "pointer"], result: "i32" } } as const;

type ClockGettime = (id: number, out: Deno.PointerValue) => number;

/** Clocks that begin with the portable ones and turn to the C library's when they are read often. */
class HostClock extends PortableClock {
  override readonly resolutionNs: number = Deno.build.os === "linux" ? 1 : 1000;
  /** struct timespec: two 64-bit numbers; seconds fit 32 bits until 2106. On an ArrayBuffer of its own, which does not move. */
  readonly #now = new Uint32Array(new ArrayBuffer(16));
  #pointer: Deno.PointerValue = null;
  #native: ClockGettime | undefined;
  #readings = 0;
  #offsetSec = 0;
  #offsetNsec = 0;

  override sample(id: number): void {
    const native = this.#native;
    if (native === undefined) {
      if (++this.#readings === UPGRADE_AFTER) this.#upgrade();
      return super.sample(id);
    }
    const now = this.#now;
    native(id, this.#pointer);
    if (id === CLOCK_REALTIME) {
      this.sec = now[0]!;
      this.nsec = now[2]!;
      return;
    }
    const nsec = now[2]! + this.#offsetNsec;
    const carry = nsec >= NS;
    this.sec = now[0]! + this.#offsetSec + (carry ? 1 : 0);
    this.nsec = carry ? nsec - NS : nsec;
  }

  /** The two monotonic clocks have different zeros: what has been told so far goes on. */
  #upgrade(): void {
    // On Linux it is half as dear as Deno's own clocks, and has nanoseconds.
    const native = linuxLibrary(SYMBOLS)?.clock_gettime as ClockGettime | undefined;
    if (native === undefined) return;
    this.#pointer = Deno.UnsafePointer.of(this.#now);
    native(CLOCK_MONOTONIC, this.#pointer);
    super.sample(CLOCK_MONOTONIC); // the later of the two readings, so that the step is forward
    const offset = (this.sec - this.#now[0]!) * NS + this.nsec - this.#now[2]!;
    this.#offsetSec = Math.floor(offset / NS);
    this.#offsetNsec = offset - this.#offsetSec * NS;
    this.#native = native;
  }
}

/** The clocks of this host. */
export function hostClock(): KernelClock {
  return new HostClock();
}
