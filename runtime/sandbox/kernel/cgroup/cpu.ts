/** The cpu controller: CPU time used, and how much may be. @module */
import type { Cgroup } from "./group.ts";
import type { Member } from "./host.ts";

/** See the module's comment. Times in microseconds. */
export class Cpu {
  /** cpu.weight. */
  weight = 100;
  /** cpu.idle. */
  idle = false;
  /** cpu.max: time in each period; Infinity is no limit. */
  quota = Infinity;
  /** cpu.max: the period. */
  period = 100000;
  /** cpu.max.burst. */
  burst = 0;
  /** Periods that have passed while there was a limit, how often it was reached, and how long processes waited for it. */
  readonly throttling = { periods: 0, throttled: 0, time: 0 };
  /** Time of processes that have left. */
  #past = 0;
  /** Monotonic milliseconds at which the period began, and what had been used by then. */
  #began = 0;
  #used0 = 0;
  /** What each process had used when it came. */
  readonly #since: Map<Member, number> = new Map();

  /** Of a group. */
  constructor(readonly group: Cgroup) {}

  /** A process comes. */
  enter(member: Member): void {
    this.#since.set(member, this.group.tree.host.cpuTime(member));
  }
  /** A process goes; what it has used stays. */
  leave(member: Member): void {
    this.#past += this.#used(member);
    this.#since.delete(member);
  }
  /** A group below is removed; what it has used stays. */
  inherit(child: Cpu): void {
    this.#past += child.#past;
  }
  #used(member: Member): number {
    return Math.max(0, this.group.tree.host.cpuTime(member) - (this.#since.get(member) ?? 0));
  }
  /** Time used in the group and below. */
  usage(): number {
    let sum = this.#past;
    for (const member of this.#since.keys()) sum += this.#used(member);
    for (const child of this.group.children.values()) sum += child.cpu.usage();
    return sum;
  }
  /**
   * The bandwidth limit of cpu.max, here and above: a process that has been running at `now` (monotonic milliseconds) waits until the time
   * that is returned. 0 if it need not wait.
   */
  throttledUntil(now: number): number {
    let until = 0;
    for (const { cpu } of this.group.ancestry()) {
      if (cpu.quota !== Infinity) until = Math.max(until, cpu.#check(now));
    }
    return until;
  }

  #check(now: number): number {
    const period = this.period / 1000;
    if (this.#began === 0) {
      this.#began = now;
      this.#used0 = this.usage();
      this.throttling.periods++;
    } else if (now - this.#began >= period) {
      const passed = Math.floor((now - this.#began) / period);
      this.throttling.periods += passed;
      this.#began += passed * period;
      this.#used0 += Math.min(passed * this.quota, this.usage() - this.#used0);
    }
    if (this.usage() - this.#used0 < this.quota) return 0;
    const until = this.#began + period;
    this.throttling.throttled++;
    this.throttling.time += (until - now) * 1000;
    return until;
  }

  /** The controller is taken away. */
  reset(): void {
    this.weight = 100;
    this.idle = false;
    this.quota = Infinity;
    this.period = 100000;
    this.burst = 0;
  }
}
