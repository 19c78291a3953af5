/** The memory controller: guest memory of processes, and pages of files in memory that are charged to a group. @module */
import type { Cgroup } from "./group.ts";
import type { Member } from "./host.ts";

/** Counters of memory.events. */
export type MemoryEvent = "low" | "high" | "max" | "oom" | "oom_kill" | "oom_group_kill";

const none = (): Record<MemoryEvent, number> => ({
  low: 0,
  high: 0,
  max: 0,
  oom: 0,
  oom_kill: 0,
  oom_group_kill: 0,
});

/** See the module's comment. Bytes. */
export class Memory {
  /** memory.max. */
  max = Infinity;
  /** memory.high: going above is counted; nobody is held back. */
  high = Infinity;
  /** memory.low. */
  low = 0;
  /** memory.min. */
  min = 0;
  /** memory.swap.max. There is no swap, so it always holds. */
  swapMax = Infinity;
  /** memory.swap.high. */
  swapHigh = Infinity;
  /** memory.oom.group. */
  oomGroup = false;
  /** memory.events: here and below. */
  readonly events: Record<MemoryEvent, number> = none();
  /** memory.events.local. */
  readonly localEvents: Record<MemoryEvent, number> = none();
  /** Pages of files, here and below. */
  files = 0;
  #peak = 0;

  /** Of a group. */
  constructor(readonly group: Cgroup) {}

  /** Memory of the processes here and below. */
  anonymous(): number {
    let sum = 0;
    const { host } = this.group.tree;
    for (const each of this.group.subtree()) for (const member of each.members) sum += host.memory(member);
    return sum;
  }
  /** memory.current. */
  usage(): number {
    const usage = this.files + this.anonymous();
    if (usage > this.#peak) this.#peak = usage;
    return usage;
  }
  /** memory.peak. */
  peak(): number {
    this.usage();
    return this.#peak;
  }

  /**
   * Takes `bytes` more for pages of a file; negative gives them back. False if a limit here or above forbids it: the largest
   * process of the group whose limit it is has been killed then, as Linux does, and whoever asked gets ENOMEM; unless the bytes are not
   * `needed`.
   */
  charge(bytes: number, needed = true): boolean {
    if (bytes > 0) {
      for (const each of this.group.ancestry()) {
        const { memory } = each;
        if (memory.max === Infinity && memory.high === Infinity) continue;
        const wanted = memory.usage() + bytes;
        if (wanted > memory.max && each.parent !== null) {
          if (needed) memory.outOfMemory();
          return false;
        }
        if (wanted > memory.high) memory.count("high");
      }
    }
    for (const { memory } of this.group.ancestry()) {
      memory.files += bytes;
      if (memory.max !== Infinity) memory.usage();
    }
    return true;
  }

  /** A process of this group has grown. Kills where a limit here or above is passed. */
  grown(): void {
    for (const each of this.group.ancestry()) {
      const { memory } = each;
      if (memory.max === Infinity && memory.high === Infinity) continue;
      const usage = memory.usage();
      if (usage > memory.max) memory.outOfMemory();
      else if (usage > memory.high) memory.count("high");
    }
  }

  /** memory.max was set: kills until it holds, as far as that helps. */
  setMax(max: number): void {
    this.max = max;
    const dead = new Set<Member>();
    let over = this.usage() - max;
    while (over > 0) {
      const victim = this.#largest(dead);
      if (victim === undefined) return;
      over -= this.group.tree.host.memory(victim);
      this.count("oom");
      this.#kill(victim);
      dead.add(victim);
    }
  }

  /** A limit of this group was hit: counted, and the largest process killed, or the whole group it is part of (memory.oom.group). */
  outOfMemory(): void {
    this.count("max");
    this.count("oom");
    const victim = this.#largest(new Set());
    if (victim !== undefined) this.#kill(victim);
  }

  #largest(without: ReadonlySet<Member>): Member | undefined {
    const { host } = this.group.tree;
    let found: Member | undefined, size = -1;
    for (const each of this.group.subtree()) {
      for (const member of each.members) {
        const bytes = host.memory(member);
        if (bytes > size && !without.has(member)) [found, size] = [member, bytes];
      }
    }
    return found;
  }

  #kill(victim: Member): void {
    const { host, groups } = this.group.tree;
    let whole: Cgroup | undefined;
    for (let at = groups.get(victim); at !== undefined; at = at.parent ?? undefined) {
      if (at.memory.oomGroup) whole = at;
      if (at === this.group) break;
    }
    if (whole === undefined) {
      groups.get(victim)?.memory.count("oom_kill");
      return host.kill(victim);
    }
    whole.memory.count("oom_group_kill");
    for (const each of whole.subtree()) {
      for (const member of [...each.members]) {
        each.memory.count("oom_kill");
        host.kill(member);
      }
    }
  }

  /** Counts an event here and above. */
  count(event: MemoryEvent): void {
    this.localEvents[event]++;
    for (const { memory } of this.group.ancestry()) memory.events[event]++;
  }
  /** What is left when the controller is taken away. */
  reset(): Memory {
    const fresh = new Memory(this.group);
    fresh.files = this.files;
    return fresh;
  }
}
