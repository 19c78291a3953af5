/** Namespaces of process ids (man 7 pid_namespaces). @module */
import { EAGAIN, EEXIST, EINVAL, ENOMEM, ENOSPC } from "../../../fs/abi/errno.ts";
import { Namespace } from "./namespace.ts";
import { Pid } from "./pid.ts";
import type { Task } from "./task.ts";
import type { UserNamespace } from "./user_namespace.ts";

/** Highest process id plus one (/proc/sys/kernel/pid_max). */
export const PID_MAX = 4194304;
/** Ids below are not given again once the counter has come to the end. */
const RESERVED_PIDS = 300;
/** How deep namespaces nest (man 7 pid_namespaces: "a maximum of 32"). */
const MAX_LEVEL = 32;

/** A task has an id in its own namespace and in every one above. */
export class PidNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "pid";
  /** Depth: 0 for the initial one. */
  readonly level: number;
  /** Itself and the namespaces above, to the initial one. */
  readonly lineage: readonly PidNamespace[];
  /** Ids by their number here. */
  readonly pids: Map<number, Pid> = new Map();
  /** Its init; null before there is one. */
  reaper: Task | null = null;
  /** Its init has ended: nothing can be made here any more (man 7 pid_namespaces, ENOMEM). */
  dead = false;
  #last = 0;

  /** A namespace below `parent`, or the initial one. */
  constructor(readonly parent: PidNamespace | null, owner: UserNamespace) {
    super(owner);
    this.level = parent === null ? 0 : parent.level + 1;
    this.lineage = [this, ...parent?.lineage ?? []];
  }

  /** A namespace below `parent`; -ENOSPC when they are nested too deep. */
  static below(parent: PidNamespace, owner: UserNamespace): PidNamespace | number {
    return parent.level >= MAX_LEVEL ? -ENOSPC : new PidNamespace(parent, owner);
  }

  /**
   * A new id, seen here and in every namespace above. `wanted` are numbers to use, this namespace's first (clone3's set_tid). -ENOMEM
   * once the init is gone, -EAGAIN when no number is free, -EEXIST and -EINVAL for `wanted`.
   */
  allocate(wanted: readonly number[] = []): Pid | number {
    const numbers: number[] = [];
    for (const [i, at] of this.lineage.entries()) {
      if (at.dead) return -ENOMEM;
      const number = wanted[i] === undefined ? at.#next() : at.#take(wanted[i]);
      if (number < 0) return number;
      numbers[at.level] = number;
    }
    const pid = new Pid(this, numbers);
    for (const at of this.lineage) at.pids.set(numbers[at.level]!, pid);
    return pid;
  }

  #next(): number {
    for (let tries = 0; tries < PID_MAX; tries++) {
      this.#last = this.#last >= PID_MAX - 1 ? RESERVED_PIDS : this.#last + 1;
      if (!this.pids.has(this.#last)) return this.#last;
    }
    return -EAGAIN;
  }

  #take(number: number): number {
    if (number < 1 || number >= PID_MAX) return -EINVAL;
    if (number !== 1 && this.reaper === null) return -EINVAL; // the first is the init
    return this.pids.has(number) ? -EEXIST : number;
  }

  /** A number is free again. */
  free(number: number): void {
    this.pids.delete(number);
  }

  /** The task with an id. */
  task(number: number): Task | undefined {
    return this.pids.get(number)?.task ?? undefined;
  }

  /** Tasks here and below, in the order of their making. */
  *tasks(): Generator<Task> {
    for (const { task } of this.pids.values()) if (task !== null) yield task;
  }

  /** Is it `other`, or below it? */
  isWithin(other: PidNamespace): boolean {
    return this.lineage.includes(other);
  }

  /** The id given last: the fifth field of /proc/loadavg. */
  get lastPid(): number {
    return this.#last;
  }
  /** What /proc/sys/kernel/ns_last_pid sets: the next id is the one after. */
  set lastPid(number: number) {
    this.#last = number;
  }
}
