/** Tasks, as control groups see them. @module */
import type { Caller } from "../../../fs/vfs/vfs.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import type { CgroupHost, Member } from "./cgroup/host.ts";
import { Task } from "./task.ts";

/** What the guest of a task holds in memory, by task: its format says it. */
export const guestMemory: WeakMap<Task, () => number> = new WeakMap();

/** See the module's comment. */
export const cgroupHost: CgroupHost = {
  pidOf: (member, reader) => (member as Task).id.in(namespaceOf(member as Task, reader)),
  find(pid, reader): Member | undefined {
    if (!(reader instanceof Task)) return undefined;
    return pid === 0 ? reader : reader.pidNs.task(pid);
  },
  kill: (member) => (member as Task).die(SIGNAL.SIGKILL),
  freeze(member, frozen) {
    if (frozen) (member as Task).freeze();
    else (member as Task).thaw();
  },
  cpuTime: (member) => (member as Task).cpuTime() * 1000,
  memory: (member) => guestMemory.get(member as Task)?.() ?? 0,
};

/** The pid namespace of a reader; the initial one for who is no task. */
function namespaceOf(task: Task, reader: Caller): Task["pidNs"] {
  return reader instanceof Task ? reader.pidNs : task.kernel.initial.pid;
}
