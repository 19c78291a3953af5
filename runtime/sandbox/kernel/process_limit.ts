/** RLIMIT_NPROC: processes of a real user id (man 2 getrlimit, man 2 fork, man 2 execve). User 0 is not limited. @module */
import { EAGAIN } from "../../../fs/abi/errno.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import type { Task } from "./task.ts";

const CAP_SYS_ADMIN = 21, CAP_SYS_RESOURCE = 24;

/** Tasks that have become a user who has too many processes: their next execve says so. */
const exceeding: WeakSet<Task> = new WeakSet();

/** Are there, with `more` of them, more processes than the task's limit allows its user? */
function isOver(task: Task, more: number): boolean {
  const { soft } = task.rlimits.get(RLIMIT.RLIMIT_NPROC)!;
  const { uid } = task.cred.fields;
  return soft !== Infinity && uid !== 0 && task.kernel.processesOf(uid) + more > soft;
}

/** May the task have one more child? 0, or -EAGAIN; the capable may in any case. */
export function mayFork(task: Task): number {
  if (!isOver(task, 1)) return 0;
  const { cred } = task;
  return cred.globallyCapable(CAP_SYS_RESOURCE) || cred.globallyCapable(CAP_SYS_ADMIN) ? 0 : -EAGAIN;
}

/** The task has another real user id. "It is not an error here: execve(2) fails with EAGAIN" (setuid(2), EAGAIN; execve(2)). */
export function userChanged(task: Task): void {
  if (isOver(task, 0)) exceeding.add(task);
  else exceeding.delete(task);
}

/** May the task execute a program? 0, or -EAGAIN when it has become a user with too many processes and there still are. */
export function mayExecute(task: Task): number {
  if (!exceeding.has(task)) return 0;
  if (isOver(task, 0)) return -EAGAIN;
  exceeding.delete(task);
  return 0;
}
