/** Offsets of clocks (man 7 time_namespaces). @module */
import { EACCES, EINVAL, EPERM, ERANGE } from "../../../fs/abi/errno.ts";
import type { KernelClock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import { Namespace } from "./namespace.ts";
import type { UserNamespace } from "./user_namespace.ts";

const CAP_SYS_TIME = 25;
/** Clocks by what timens_offsets calls them. */
const CLOCKS: Readonly<Record<string, "monotonic" | "boottime">> = {
  monotonic: "monotonic",
  boottime: "boottime",
  1: "monotonic",
  7: "boottime",
};
/** Largest number of seconds that a clock may show: half of what the kernel's 64-bit nanoseconds hold. */
const MAX_SECONDS = Math.floor(2 ** 63 / 1e9 / 2);
const NSEC = 1_000_000_000;

/** A clock's offset: seconds of any sign and nanoseconds from 0 to 999,999,999. */
export interface TimeOffset {
  /** Seconds. */
  readonly sec: number;
  /** Nanoseconds. */
  readonly nsec: number;
}

const NONE: TimeOffset = { sec: 0, nsec: 0 };

/** See the module's comment. */
export class TimeNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "time";
  /** Offset of CLOCK_MONOTONIC. */
  monotonic: TimeOffset;
  /** Offset of CLOCK_BOOTTIME. */
  boottime: TimeOffset;
  /** A task has entered: offsets stay as they are. */
  frozen = false;

  /** A namespace with the offsets of `from`; the initial one has none. */
  constructor(owner: UserNamespace, from: TimeNamespace | null) {
    super(owner);
    this.monotonic = from?.monotonic ?? NONE;
    this.boottime = from?.boottime ?? NONE;
  }

  /** Adds the offset to what the clock has just sampled of CLOCK_MONOTONIC. */
  shift(clock: KernelClock): void {
    const { monotonic } = this;
    if (monotonic === NONE) return;
    clock.sec += monotonic.sec;
    clock.nsec += monotonic.nsec;
    if (clock.nsec < NSEC) return;
    clock.nsec -= NSEC;
    clock.sec++;
  }

  /** The offset of CLOCK_MONOTONIC in milliseconds. */
  get monotonicMs(): number {
    return this.monotonic.sec * 1000 + this.monotonic.nsec / 1e6;
  }
  /** The offset of CLOCK_BOOTTIME in milliseconds. */
  get boottimeMs(): number {
    return this.boottime.sec * 1000 + this.boottime.nsec / 1e6;
  }

  /**
   * A write to /proc/PID/timens_offsets: lines of a clock, seconds and nanoseconds. EPERM without CAP_SYS_TIME, EACCES once a task has
   * entered, ERANGE for a clock that would be negative or too far (time_namespaces(7)). `nowMs` is CLOCK_MONOTONIC.
   */
  writeOffsets(text: string, opener: Credentials, nowMs: number): number {
    const lines = text.split("\n").filter((line, i, all) => line !== "" || i < all.length - 1);
    if (lines.length === 0 || lines.length > 2) return -EINVAL;
    const offsets: [clock: "monotonic" | "boottime", offset: TimeOffset][] = [];
    for (const line of lines) {
      const match = /^\s*(\w+)\s+(-?\d{1,19})\s+(\d{1,9})\s*$/.exec(line);
      const clock = match === null ? undefined : CLOCKS[match[1]!];
      if (match === null || clock === undefined) return -EINVAL;
      offsets.push([clock, { sec: Number(match[2]), nsec: Number(match[3]) }]);
    }
    if (!opener.nsCapable(this.owner!, CAP_SYS_TIME)) return -EPERM;
    for (const [, { sec, nsec }] of offsets) {
      const then = nowMs / 1000 + sec + nsec / NSEC;
      if (then < 0 || then > MAX_SECONDS) return -ERANGE;
    }
    if (this.frozen) return -EACCES;
    for (const [clock, offset] of offsets) this[clock] = offset;
    return 0;
  }

  /** What /proc/PID/timens_offsets shows. */
  showOffsets(): string {
    const row = (clock: string, { sec, nsec }: TimeOffset): string =>
      `${clock.padEnd(10)} ${String(sec).padStart(10)} ${String(nsec).padStart(9)}\n`;
    return row("monotonic", this.monotonic) + row("boottime", this.boottime);
  }
}
