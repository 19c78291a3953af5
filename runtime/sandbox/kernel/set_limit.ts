/** prlimit(2): whose limits may be read and set by whom, and what takes effect at once. @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import type { Limit } from "./rlimits.ts";
import type { Task } from "./task.ts";

const CAP_SYS_RESOURCE = 24;
/** fs.nr_open (man 5 proc_sys_fs): RLIMIT_NOFILE is at most that. */
export const NR_OPEN = 1048576;

/** "The real, effective, and saved set user IDs of the target must match the real user ID of the caller", groups too, or CAP_SYS_RESOURCE there. */
function mayChange(task: Task, target: Task): boolean {
  if (task === target) return true;
  const { uid, gid } = task.cred.fields, to = target.cred.fields;
  const same = [to.uid, to.euid, to.suid].every((id) => id === uid) &&
    [to.gid, to.egid, to.sgid].every((id) => id === gid);
  return same || task.cred.nsCapable(target.cred.userNs, CAP_SYS_RESOURCE);
}

/** Reads a limit; a number is a negative errno. */
export function getLimit(task: Task, target: Task, resource: number): Limit | number {
  if (!mayChange(task, target)) return -EPERM;
  return target.rlimits.get(resource) ?? -EINVAL;
}

/** Sets a limit. */
export function setLimit(task: Task, target: Task, resource: number, limit: Limit): number {
  if (!mayChange(task, target)) return -EPERM;
  if (limit.soft > limit.hard) return -EINVAL;
  if (resource === RLIMIT.RLIMIT_NOFILE && limit.hard > NR_OPEN && limit.hard !== Infinity) return -EPERM;
  const error = target.rlimits.set(resource, limit, task.cred.globallyCapable(CAP_SYS_RESOURCE));
  if (error < 0) return error;
  if (resource === RLIMIT.RLIMIT_NOFILE) target.files.limit = Math.min(limit.soft, NR_OPEN);
  return 0;
}
