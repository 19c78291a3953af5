/** Offsets of clocks (man 7 time_namespaces). @module */
import { Namespace } from "./namespace.ts";
import type { UserNamespace } from "./user_namespace.ts";

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

  /** The offset of CLOCK_MONOTONIC in milliseconds. */
  get monotonicMs(): number {
    return this.monotonic.sec * 1000 + this.monotonic.nsec / 1e6;
  }
  /** The offset of CLOCK_BOOTTIME in milliseconds. */
  get boottimeMs(): number {
    return this.boottime.sec * 1000 + this.boottime.nsec / 1e6;
  }
}
