/**
 * Scheduling classes, I/O priorities, execution domains and memory policies of tasks (man 2 sched_setattr, ioprio_set, personality,
 * set_mempolicy). The kernel has one processor, on which tasks take turns, and one node of memory: what orders tasks of the ordinary classes is
 * kept and shown. Nothing can be promised to real-time classes, so they get what Linux answers where it has no time to give: EPERM where a
 * group has no real-time bandwidth, EBUSY where the admission control of SCHED_DEADLINE fails.
 * @module
 */
import { EBUSY, EINVAL, EOPNOTSUPP, EPERM, ESRCH } from "../../../fs/abi/errno.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import {
  IOPRIO_CLASS,
  IOPRIO_CLASS_SHIFT,
  IOPRIO_WHO_PGRP,
  IOPRIO_WHO_PROCESS,
  MPOL,
  MPOL_F,
  SCHED,
  SCHED_FLAG,
} from "../../abi/linux/sched.ts";
import type { SchedAttr } from "../../program/types.ts";
import type { Task } from "./task.ts";

const CAP_SYS_NICE = 23;
const CAP_SYS_ADMIN = 21;

/** What orders a task among others, and what it is shown. */
export interface Scheduling {
  /** SCHED_OTHER, SCHED_BATCH or SCHED_IDLE. */
  readonly policy: number;
  /** -20 to 19. */
  readonly nice: number;
  /** Children begin with SCHED_OTHER and nice 0. */
  readonly resetOnFork: boolean;
  /** I/O priority: class and level; 0 for none. */
  readonly ioPriority: number;
  /** Execution domain and its flags. */
  readonly personality: number;
}

/** What the first task has. */
export const DEFAULT_SCHEDULING: Scheduling = {
  ...{ policy: SCHED.SCHED_OTHER, nice: 0, resetOnFork: false, ioPriority: 0, personality: 0 },
};

/** What a child of such a task begins with (man 7 sched, "Resetting scheduling policy for child processes"). */
export function inherited(scheduling: Scheduling): Scheduling {
  if (!scheduling.resetOnFork) return scheduling;
  return {
    ...scheduling,
    ...{ policy: SCHED.SCHED_OTHER, nice: Math.max(0, scheduling.nice), resetOnFork: false },
  };
}

const ORDINARY: readonly number[] = [SCHED.SCHED_OTHER, SCHED.SCHED_BATCH, SCHED.SCHED_IDLE];
const REAL_TIME: readonly number[] = [SCHED.SCHED_FIFO, SCHED.SCHED_RR, SCHED.SCHED_DEADLINE];
const CLAMPS = SCHED_FLAG.SCHED_FLAG_UTIL_CLAMP_MIN | SCHED_FLAG.SCHED_FLAG_UTIL_CLAMP_MAX;
const FLAGS = SCHED_FLAG.SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG.SCHED_FLAG_KEEP_POLICY |
  SCHED_FLAG.SCHED_FLAG_KEEP_PARAMS | CLAMPS;

/** May a task have a nice value that is lower than the one it has? */
function mayLower(task: Task, nice: number): boolean {
  const limit = task.rlimits.get(RLIMIT.RLIMIT_NICE)!.soft;
  return 20 - nice <= limit || task.cred.globallyCapable(CAP_SYS_NICE);
}

/** Shortest runtime and longest period of SCHED_DEADLINE, in nanoseconds (man 2 sched_setattr; sched(7), sched_deadline_period_max_us). */
const DEADLINE_LEAST = 1024n, DEADLINE_MOST = 1n << 63n;

/** What a real-time policy answers: none can be kept. */
function refuseRealTime(task: Task, policy: number, attr: SchedAttr): number {
  const { sched_priority: priority, sched_runtime: runtime, sched_deadline: deadline } = attr;
  if (policy === SCHED.SCHED_DEADLINE) {
    const period = attr.sched_period === 0n ? deadline : attr.sched_period;
    // "sched_runtime <= sched_deadline <= sched_period", and each within bounds.
    if (priority !== 0 || runtime < DEADLINE_LEAST || deadline < runtime || period < deadline) return -EINVAL;
    if (period >= DEADLINE_MOST) return -EINVAL;
    return task.cred.globallyCapable(CAP_SYS_NICE) ? -EBUSY : -EPERM;
  }
  return priority < 1 || priority > 99 ? -EINVAL : -EPERM;
}

/** sched_setattr(2) of the caller itself. */
export function schedSetattr(task: Task, attr: SchedAttr): number {
  const { sched_flags: flags, sched_priority: priority } = attr;
  if ((flags & CLAMPS) !== 0) return -EOPNOTSUPP;
  if ((flags & ~FLAGS) !== 0) return -EINVAL;
  const policy = (flags & SCHED_FLAG.SCHED_FLAG_KEEP_POLICY) !== 0
    ? task.scheduling.policy
    : attr.sched_policy;
  if (REAL_TIME.includes(policy)) return refuseRealTime(task, policy, attr);
  if (priority !== 0 || !ORDINARY.includes(policy)) return -EINVAL;
  const nice = (flags & SCHED_FLAG.SCHED_FLAG_KEEP_PARAMS) !== 0
    ? task.scheduling.nice
    : Math.min(19, Math.max(-20, attr.sched_nice));
  if (nice < task.scheduling.nice && !mayLower(task, nice)) return -EPERM;
  const resetOnFork = (flags & SCHED_FLAG.SCHED_FLAG_RESET_ON_FORK) !== 0;
  if (task.scheduling.resetOnFork && !resetOnFork && !task.cred.globallyCapable(CAP_SYS_NICE)) return -EPERM;
  task.scheduling = { ...task.scheduling, policy, nice, resetOnFork };
  return 0;
}

/** ioprio_set(2) of the caller or its process group. */
export function ioprioSet(task: Task, which: number, who: number, value: number): number {
  const level = value & (1 << IOPRIO_CLASS_SHIFT) - 1;
  switch (value >> IOPRIO_CLASS_SHIFT) {
    case 0:
      if (level !== 0) return -EINVAL;
      break;
    case IOPRIO_CLASS.IOPRIO_CLASS_RT:
      if (!task.cred.globallyCapable(CAP_SYS_ADMIN) && !task.cred.globallyCapable(CAP_SYS_NICE)) {
        return -EPERM;
      }
      if (level > 7) return -EINVAL;
      break;
    case IOPRIO_CLASS.IOPRIO_CLASS_BE:
      if (level > 7) return -EINVAL;
      break;
    case IOPRIO_CLASS.IOPRIO_CLASS_IDLE:
      break;
    default:
      return -EINVAL;
  }
  if (which !== IOPRIO_WHO_PROCESS && which !== IOPRIO_WHO_PGRP) return -EINVAL;
  if (who !== 0) return -ESRCH;
  const targets = which === IOPRIO_WHO_PROCESS
    ? [task]
    : [...task.kernel.tasks()].filter(({ group }) => group === task.group);
  for (const target of targets) target.scheduling = { ...target.scheduling, ioPriority: value };
  return 0;
}

/** personality(2): the domain before. */
export function setPersonality(task: Task, value: number): number {
  const old = task.scheduling.personality;
  task.scheduling = { ...task.scheduling, personality: value >>> 0 };
  return old;
}

const WITHOUT_NODES: readonly number[] = [MPOL.MPOL_DEFAULT, MPOL.MPOL_LOCAL];
const MODE_FLAGS = MPOL_F.MPOL_F_NUMA_BALANCING | MPOL_F.MPOL_F_RELATIVE_NODES | MPOL_F.MPOL_F_STATIC_NODES;

/** set_mempolicy(2): of one node all policies mean the same; a policy that cannot be met is refused. */
export function setMempolicy(mode: number, nodes: readonly number[]): number {
  const policy = mode & ~MODE_FLAGS;
  if (policy > MPOL.MPOL_WEIGHTED_INTERLEAVE) return -EINVAL;
  const both = MPOL_F.MPOL_F_RELATIVE_NODES | MPOL_F.MPOL_F_STATIC_NODES;
  if ((mode & both) === both) return -EINVAL;
  if (WITHOUT_NODES.includes(policy)) return nodes.length === 0 ? 0 : -EINVAL;
  if (nodes.length === 0) return policy === MPOL.MPOL_PREFERRED ? 0 : -EINVAL;
  const relative = (mode & MPOL_F.MPOL_F_RELATIVE_NODES) !== 0;
  return relative || nodes.includes(0) ? 0 : -EINVAL;
}
