/** Numbers of seccomp(2). @module */

/** Operation: installs a filter. */
export const SECCOMP_SET_MODE_FILTER = 1;
/** Mode of a task without filters. */
export const SECCOMP_MODE_DISABLED = 0;
/** Mode of a task with filters. */
export const SECCOMP_MODE_FILTER = 2;

/** Flags of SECCOMP_SET_MODE_FILTER. */
export const SECCOMP_FILTER_FLAG = {
  SECCOMP_FILTER_FLAG_TSYNC: 0x1,
  SECCOMP_FILTER_FLAG_LOG: 0x2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 0x4,
  SECCOMP_FILTER_FLAG_NEW_LISTENER: 0x8,
  SECCOMP_FILTER_FLAG_TSYNC_ESRCH: 0x10,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0x20,
} as const;
