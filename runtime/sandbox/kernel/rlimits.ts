/** Resource limits of a task (man 2 getrlimit). @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";

/** One limit; Infinity is RLIM_INFINITY. */
export interface Limit {
  /** What is enforced. */
  readonly soft: number;
  /** How far the soft limit may be raised. */
  readonly hard: number;
}

const UNLIMITED: Limit = { soft: Infinity, hard: Infinity };
/** What Linux starts its first process with, where it is not "unlimited". */
const DEFAULTS: Readonly<Record<number, Limit>> = {
  [RLIMIT.RLIMIT_CORE]: { soft: 0, hard: Infinity },
  [RLIMIT.RLIMIT_STACK]: { soft: 8 * 1024 * 1024, hard: Infinity },
  [RLIMIT.RLIMIT_NOFILE]: { soft: 1024, hard: 1048576 },
  [RLIMIT.RLIMIT_MEMLOCK]: { soft: 8 * 1024 * 1024, hard: 8 * 1024 * 1024 },
  [RLIMIT.RLIMIT_MSGQUEUE]: { soft: 819200, hard: 819200 },
  [RLIMIT.RLIMIT_NICE]: { soft: 0, hard: 0 },
  [RLIMIT.RLIMIT_RTPRIO]: { soft: 0, hard: 0 },
};
const COUNT = 16;

/** The limits of one task. */
export class Rlimits {
  readonly #limits: Limit[] = Array.from({ length: COUNT }, (_, i) => DEFAULTS[i] ?? UNLIMITED);
  /** The soft RLIMIT_FSIZE in bytes, for whoever writes. */
  fileSize = Infinity;
  /** Milliseconds of CPU at which RLIMIT_CPU has something to say next. */
  cpuMs = Infinity;

  /** The same limits, for a child. */
  copy(): Rlimits {
    const copy = new Rlimits();
    copy.#limits.splice(0, COUNT, ...this.#limits);
    copy.fileSize = this.fileSize;
    copy.cpuMs = Math.max(1, this.#limits[RLIMIT.RLIMIT_CPU]!.soft) * 1000;
    return copy;
  }

  /** A limit by number. */
  get(resource: number): Limit | undefined {
    return this.#limits[resource];
  }

  /** prlimit(2). `mayRaise`: the caller has CAP_SYS_RESOURCE. */
  set(resource: number, limit: Limit, mayRaise: boolean): number {
    const old = this.#limits[resource];
    if (old === undefined || limit.soft > limit.hard) return -EINVAL;
    if (limit.hard > old.hard && !mayRaise) return -EPERM;
    this.#limits[resource] = limit;
    if (resource === RLIMIT.RLIMIT_FSIZE) this.fileSize = limit.soft;
    // 0 is taken as 1: the least that can be noticed (Linux does the same).
    if (resource === RLIMIT.RLIMIT_CPU) this.cpuMs = Math.max(1, limit.soft) * 1000;
    return 0;
  }
}
