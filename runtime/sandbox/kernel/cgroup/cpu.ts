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
  /** The controller is taken away. */
  reset(): void {
    this.weight = 100;
    this.idle = false;
    this.quota = Infinity;
    this.period = 100000;
    this.burst = 0;
  }
}
