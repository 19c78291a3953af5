/** System calls by which a process changes itself: ids, capabilities, limits, names, sessions. @module */
import { EINVAL, ENOTSUP, EPERM } from "../../../../fs/abi/errno.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_SET_DUMPABLE,
  PR_SET_KEEPCAPS,
  PR_SET_NAME,
  PR_SET_NO_NEW_PRIVS,
} from "../../../abi/linux/prctl.ts";
import { RLIMIT } from "../../../abi/linux/rlimit.ts";
import { CAP_LAST } from "../../../abi/linux/capability.ts";
import { CapSet } from "../cap_set.ts";
import type { Credentials } from "../credentials.ts";
import type { Task } from "../task.ts";
import type { Arguments } from "./arguments.ts";
import type { Syscall } from "./file.ts";

const CAP_SYS_RESOURCE = 24;
/** Longest host and domain name (man 2 sethostname). */
const HOST_NAME_MAX = 64;

/** Puts new credentials in place, or passes the errno on. */
function commit(task: Task, next: Credentials | number): number {
  if (typeof next === "number") return next;
  task.cred = next;
  return 0;
}

function prctl(task: Task, a: Arguments): number {
  const cred = task.cred;
  switch (a.number(0)) {
    case PR_SET_NO_NEW_PRIVS:
      return a.number(1) === 1 ? commit(task, cred.with({ noNewPrivs: true })) : -EINVAL;
    case PR_SET_KEEPCAPS:
      return commit(task, cred.with({ keepCaps: a.number(1) === 1 }));
    case PR_CAPBSET_DROP:
      return a.number(1) > CAP_LAST ? -EINVAL : commit(task, cred.dropBounding(a.number(1)));
    case PR_CAP_AMBIENT:
      if (a.number(1) === PR_CAP_AMBIENT_CLEAR_ALL) return commit(task, cred.with({ ambient: CapSet.EMPTY }));
      if (a.number(1) !== PR_CAP_AMBIENT_RAISE || a.number(2) > CAP_LAST) return -EINVAL;
      return commit(task, cred.raiseAmbient(a.number(2)));
    case PR_SET_NAME:
      task.comm = a.string(1).slice(0, 15);
      return 0;
    case PR_SET_DUMPABLE:
      return 0; // nobody can attach to a task here, and there are no core files
  }
  return -EINVAL;
}

function setName(task: Task, name: string, field: "hostname" | "domainname"): number {
  if (!task.cred.capable(CAP_SYS_ADMIN)) return -EPERM;
  if (new TextEncoder().encode(name).length > HOST_NAME_MAX) return -EINVAL;
  task.nsproxy.uts[field] = name;
  return 0;
}

/** By name. */
export const processCalls = {
  prctl,
  setresuid: (task, a) => commit(task, task.cred.setresuid(a.number(0), a.number(1), a.number(2))),
  setresgid: (task, a) => commit(task, task.cred.setresgid(a.number(0), a.number(1), a.number(2))),
  setgroups: (task, a) => commit(task, task.cred.setgroups(a.numbers(a.values.length - 1))),
  capset(task, a) {
    const sets = a.capSets(a.values.length - 1);
    const { effective, permitted, inheritable } = sets;
    return commit(task, task.cred.capset(CapSet.of(effective), CapSet.of(permitted), CapSet.of(inheritable)));
  },
  prlimit64(task, a) {
    const limit = a.rlimit(2);
    if (limit === null) return 0;
    const resource = a.number(1);
    const soft = Number(limit.rlim_cur ?? Infinity), hard = Number(limit.rlim_max ?? Infinity);
    const error = task.rlimits.set(resource, { soft, hard }, task.cred.capable(CAP_SYS_RESOURCE));
    if (error === 0 && resource === RLIMIT.RLIMIT_NOFILE) task.files.limit = Math.min(soft, NR_OPEN);
    return error;
  },
  sethostname: (task, a) => setName(task, a.string(0), "hostname"),
  setdomainname: (task, a) => setName(task, a.string(0), "domainname"),
  /** The first process of a container leads its own session already. */
  setsid: (task) => task.pid,
  setns: () => -ENOTSUP,
  unshare: () => -ENOTSUP,
} satisfies Record<string, Syscall>;

/** fs.nr_open of man 5 proc_sys_fs. */
const NR_OPEN = 1048576;
