/** Further tasks in a container's namespaces: for exec and for hooks. @module */
import { ENOENT } from "../../../../fs/abi/errno.ts";
import { errnoText } from "../../../../fs/abi/errno_text.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import type { Cgroup } from "../../kernel/cgroup/group.ts";
import { FdTable } from "../../kernel/fd_table.ts";
import { ProgramError } from "../../kernel/program_runner.ts";
import type { Task } from "../../kernel/task.ts";
import { clone } from "../../kernel/task_clone.ts";

/** The control group at a path below another one. Throws an Error that says which there is not. */
function groupBelow(group: Cgroup, path: string): Cgroup {
  let at = group;
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    const next = at.child(name);
    if (next === undefined) {
      throw new Error(`entering the cgroup ${JSON.stringify(path)}: ${errnoText(ENOENT)}`);
    }
    at = next;
  }
  return at;
}

/** Puts a task into a control group below that of its container, by its path there. */
export function enterGroup(task: Task, container: Cgroup, path: string): void {
  const error = groupBelow(container, path).attach(task, task.kernel.swapper.cred);
  if (error < 0) throw new Error(`entering the cgroup ${JSON.stringify(path)}: ${errnoText(-error)}`);
}

/** Standard input, output and error. */
export type Streams = readonly [OpenFile, OpenFile, OpenFile];

/**
 * A task in the namespaces, root and working directory of `init`, with the privileges that the kernel's own has: what it may do is still to be
 * taken away. Nobody in the container is its parent.
 */
export function taskBeside(init: Task, streams: Streams): Task {
  const task = clone(init, { flags: 0 });
  if (typeof task === "number") {
    throw new ProgramError(`making a process in the container: ${errnoText(-task)}`, -task, null);
  }
  const { swapper } = init.kernel;
  init.children.delete(task);
  task.parent = swapper;
  swapper.children.add(task);
  task.cred = init.cred.userNs === swapper.cred.userNs
    ? swapper.cred
    : swapper.cred.entering(init.cred.userNs);
  task.files.release();
  task.files = new FdTable();
  for (const stream of streams) task.files.install(stream);
  task.driven = true;
  return task;
}
