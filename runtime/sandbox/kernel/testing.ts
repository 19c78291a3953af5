/** What tests of the kernel start from. @module */
import { Kernel } from "./kernel.ts";
import type { Task } from "./task.ts";
import { clone, type CloneArgs } from "./task_clone.ts";

/** A child of `parent`, or of the first process of a new kernel. */
export function child(parent: Task = new Kernel().spawn(), args: CloneArgs = { flags: 0 }): Task {
  const task = clone(parent, args);
  if (typeof task === "number") throw new Error(`clone(${args.flags}): errno ${-task}`);
  return task;
}
