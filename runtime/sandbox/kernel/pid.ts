/** Process ids (man 7 pid_namespaces). A Pid outlives its task as long as it names a process group or a session. @module */
import type { PidNamespace } from "./pid_namespace.ts";
import type { ProcessGroup, Session } from "./session.ts";
import type { Task } from "./task.ts";

/** One identity with a number in its namespace and in every namespace above (Linux's struct pid). */
export class Pid {
  /** The task, until it has been waited for. */
  task: Task | null = null;
  /** The process group of this id. */
  group: ProcessGroup | null = null;
  /** The session of this id. */
  session: Session | null = null;

  /** An id in `namespace`; `numbers` are those of all levels, the initial namespace's first. */
  constructor(readonly namespace: PidNamespace, readonly numbers: readonly number[]) {}

  /** The number in a namespace; 0 if it is not seen there. */
  in(namespace: PidNamespace): number {
    const above = this.namespace.level - namespace.level;
    return this.namespace.lineage[above] === namespace ? this.numbers[namespace.level]! : 0;
  }

  /** Gives the numbers back if nothing uses them any more. */
  release(): void {
    if (this.task !== null || this.group !== null || this.session !== null) return;
    for (const at of this.namespace.lineage) at.free(this.numbers[at.level]!);
  }
}
