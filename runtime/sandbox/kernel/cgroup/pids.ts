/** The pids controller: how many processes a group and those below may have. @module */
import { EAGAIN } from "../../../../fs/abi/errno.ts";
import type { Cgroup } from "./group.ts";

/** See the module's comment. */
export class Pids {
  /** Processes in the group and below. */
  current = 0;
  /** Most there ever were. */
  peak = 0;
  /** pids.max. */
  max = Infinity;
  /** How often a fork failed here because of a limit of this group, or of one below or above (pids.events). */
  events = 0;
  /** How often because of this group's own limit. */
  localEvents = 0;

  /** Of a group. */
  constructor(readonly group: Cgroup) {}

  /** One more, if every group above allows it: 0 or -EAGAIN. */
  tryCharge(): number {
    for (const each of this.group.ancestry()) {
      if (each.parent === null || each.pids.current < each.pids.max) continue;
      each.pids.localEvents++;
      for (const above of each.ancestry()) above.pids.events++;
      return -EAGAIN;
    }
    this.charge();
    return 0;
  }
  /** One more, whatever the limit says: a process that moves in. */
  charge(): void {
    for (const { pids } of this.group.ancestry()) {
      pids.current++;
      if (pids.current > pids.peak) pids.peak = pids.current;
    }
  }
  /** One less. */
  uncharge(): void {
    for (const { pids } of this.group.ancestry()) pids.current--;
  }
  /** What is left when the controller is taken away. */
  reset(): Pids {
    const fresh = new Pids(this.group);
    fresh.current = fresh.peak = this.current;
    return fresh;
  }
}
