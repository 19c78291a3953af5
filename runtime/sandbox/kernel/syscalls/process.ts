/** System calls by which a process changes itself: ids, capabilities, limits, names, sessions, namespaces. @module */
import { EBADF, EINVAL, EPERM } from "../../../../fs/abi/errno.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import { nameByteLength } from "../../../../fs/abi/name.ts";
import { PR_SET_NAME } from "../../../abi/linux/prctl.ts";
import { CapSet } from "../cap_set.ts";
import { commOf } from "../comm.ts";
import { commitCredentials } from "../commit_cred.ts";
import type { Credentials } from "../credentials.ts";
import { setns, unshare } from "../namespace_join.ts";
import { NamespaceFile } from "../nsfs.ts";
import { prctl } from "../prctl.ts";
import { ioprioSet, schedSetattr, setMempolicy, setPersonality } from "../scheduling.ts";
import { setFilter } from "../seccomp.ts";
import { setLimit } from "../set_limit.ts";
import { setsid } from "../session.ts";
import { capset } from "../set_caps.ts";
import { setgroups, setresgid, setresuid } from "../set_ids.ts";
import type { Task } from "../task.ts";
import type { Syscall } from "./file.ts";

/** Longest host and domain name (man 2 sethostname). */
const HOST_NAME_MAX = 64;

/** Puts new credentials in place, or passes the errno on. */
function commit(task: Task, next: Credentials | number): number {
  if (typeof next === "number") return next;
  commitCredentials(task, next);
  return 0;
}

function setName(task: Task, name: string, field: "hostname" | "domainname"): number {
  const { uts } = task.nsproxy;
  if (!task.cred.nsCapable(uts.owner!, CAP_SYS_ADMIN)) return -EPERM;
  if (nameByteLength(name) > HOST_NAME_MAX) return -EINVAL;
  uts[field] = name;
  return 0;
}

/** By name. */
export const processCalls = {
  prctl(task, a) {
    if (a.number(0) !== PR_SET_NAME) return prctl(task, ...a.values as [number, ...number[]]);
    task.comm = commOf(a.string(1));
    return 0;
  },
  setresuid: (task, a) => commit(task, setresuid(task.cred, a.number(0), a.number(1), a.number(2))),
  setresgid: (task, a) => commit(task, setresgid(task.cred, a.number(0), a.number(1), a.number(2))),
  setgroups: (task, a) => commit(task, setgroups(task.cred, a.numbers(a.values.length - 1))),
  capset(task, a) {
    const sets = a.capSets(a.values.length - 1);
    const { effective, permitted, inheritable } = sets;
    return commit(
      task,
      capset(task.cred, CapSet.of(effective), CapSet.of(permitted), CapSet.of(inheritable)),
    );
  },
  prlimit64(task, a) {
    const limit = a.rlimit(2);
    if (limit === null) return 0;
    return setLimit(task, task, a.number(1), {
      soft: Number(limit.rlim_cur ?? Infinity),
      hard: Number(limit.rlim_max ?? Infinity),
    });
  },
  sched_setattr: (task, a) => schedSetattr(task, a.schedAttr(1)),
  ioprio_set: (task, a) => ioprioSet(task, a.number(0), a.number(1), a.number(2)),
  personality: (task, a) => setPersonality(task, a.number(0)),
  set_mempolicy: (_task, a) => setMempolicy(a.number(0), a.numbers(1)),
  seccomp: (task, a) => setFilter(task, a.number(0), a.number(1), a.filterProgram(2).filter),
  sethostname: (task, a) => setName(task, a.string(0), "hostname"),
  setdomainname: (task, a) => setName(task, a.string(0), "domainname"),
  /** A process group leader is refused, but the first process of a container leads its session already. */
  setsid(task) {
    const result = setsid(task);
    return result === -EPERM && task.group.session.pid === task.id ? task.pid : result;
  },
  setns(task, a) {
    const file = task.files.get(a.number(0))?.file;
    if (file === undefined) return -EBADF;
    return file instanceof NamespaceFile ? setns(task, file.namespace, a.number(1)) : -EINVAL;
  },
  unshare: (task, a) => unshare(task, a.number(0)),
} satisfies Record<string, Syscall>;
