/** Filesystem types that show what the kernel itself keeps: control groups and message queues. @module */
import { cgroupType } from "../../../fs/cgroupfs/mod.ts";
import { mqueueType } from "../../../fs/mqueue/mod.ts";
import { CAP_SYS_ADMIN } from "../../../fs/vfs/cred.ts";
import type { Caller, FsType } from "../../../fs/vfs/vfs.ts";
import type { Cgroup } from "./cgroup/group.ts";
import type { Namespace } from "./namespace.ts";
import { Task } from "./task.ts";

/** Types are mounted by tasks only. */
function taskOf(caller: Caller): Task {
  if (!(caller instanceof Task)) throw new TypeError("a filesystem of the kernel is mounted by a task");
  return caller;
}

/** May a caller mount what belongs to a namespace? Who is privileged over it may (man 7 user_namespaces). */
export function privilegedOver(namespaceOf: (task: Task) => Namespace): (caller: Caller) => boolean {
  return (caller) => {
    const task = taskOf(caller);
    return task.cred.nsCapable(namespaceOf(task).owner!, CAP_SYS_ADMIN);
  };
}

/** The types. "cgroup" is the version 2 tree too: there is no other (config-linux.md#control-groups). */
export function kernelFilesystems(): FsType[] {
  const top = (caller: Caller): Cgroup => taskOf(caller).nsproxy.cgroup.top;
  return [
    { ...cgroupType("cgroup2", top), mayMount: privilegedOver((task) => task.nsproxy.cgroup) },
    { ...cgroupType("cgroup", top), mayMount: privilegedOver((task) => task.nsproxy.cgroup) },
    {
      ...mqueueType((caller) => taskOf(caller).nsproxy.ipc.objects.queues.sb),
      mayMount: privilegedOver((task) => task.nsproxy.ipc),
    },
  ];
}
