/** Namespace flags of clone(2), unshare(2), setns(2). @module */

/** Time namespace. */
export const CLONE_NEWTIME = 0x80;
/** Mount namespace. */
export const CLONE_NEWNS = 0x20000;
/** Cgroup namespace. */
export const CLONE_NEWCGROUP = 0x2000000;
/** UTS namespace. */
export const CLONE_NEWUTS = 0x4000000;
/** IPC namespace. */
export const CLONE_NEWIPC = 0x8000000;
/** User namespace. */
export const CLONE_NEWUSER = 0x10000000;
/** PID namespace. */
export const CLONE_NEWPID = 0x20000000;
/** Network namespace. */
export const CLONE_NEWNET = 0x40000000;
