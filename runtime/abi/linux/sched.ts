/** Numbers of scheduling, of I/O priorities, memory policies and execution domains (man 2 sched_setattr, ioprio_set, set_mempolicy, personality). @module */

/** Policies. */
export const SCHED = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const;

/** Flags of struct sched_attr. */
export const SCHED_FLAG = {
  SCHED_FLAG_RESET_ON_FORK: 0x1,
  SCHED_FLAG_RECLAIM: 0x2,
  SCHED_FLAG_DL_OVERRUN: 0x4,
  SCHED_FLAG_KEEP_POLICY: 0x8,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
} as const;

/** Classes of I/O priorities. */
export const IOPRIO_CLASS = { IOPRIO_CLASS_RT: 1, IOPRIO_CLASS_BE: 2, IOPRIO_CLASS_IDLE: 3 } as const;
/** An I/O priority is its class, so far to the left, and a level. */
export const IOPRIO_CLASS_SHIFT = 13;
/** Whose I/O priority: one process's. */
export const IOPRIO_WHO_PROCESS = 1;
/** Whose I/O priority: a process group's. */
export const IOPRIO_WHO_PGRP = 2;

/** Modes of memory policies. */
export const MPOL = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
} as const;

/** Flags of memory policies' modes. */
export const MPOL_F = {
  MPOL_F_NUMA_BALANCING: 0x2000,
  MPOL_F_RELATIVE_NODES: 0x4000,
  MPOL_F_STATIC_NODES: 0x8000,
} as const;

/** Execution domains. */
export const PER = { LINUX: 0, LINUX32: 8 } as const;
