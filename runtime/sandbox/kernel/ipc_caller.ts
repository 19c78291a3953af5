/** Tasks as users of System V IPC and POSIX message queues. @module */
import type { WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import type { IpcCaller } from "./ipc/caller.ts";
import type { Task } from "./task.ts";

/** A task that makes a call on the objects of its ipc namespace. */
export function ipcCaller(task: Task): IpcCaller {
  return {
    get cred() {
      return task.cred;
    },
    pid: task.pid,
    identity: task,
    now: () => Math.floor(task.kernel.clock.realtime() / 1000),
    wait: (queue: WaitQueue, deadline?: number) => task.block(queue, -1, deadline),
  };
}

/** A task leaves its ipc namespace, or ends: what it did with SEM_UNDO is taken back (man 2 semop; man 2 unshare, CLONE_SYSVSEM). */
export function leaveIpc(task: Task): void {
  task.nsproxy.ipc.objects.semaphores.exit(task, task.pid);
}
