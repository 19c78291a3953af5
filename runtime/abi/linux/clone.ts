/** Flags of clone(2), unshare(2), setns(2). @module */

/** Memory is shared. */
export const CLONE_VM = 0x100;
/** Root, working directory and umask are shared. */
export const CLONE_FS = 0x200;
/** Descriptors are shared. */
export const CLONE_FILES = 0x400;
/** Dispositions of signals are shared. */
export const CLONE_SIGHAND = 0x800;
/** The parent waits until the child has executed a program. */
export const CLONE_VFORK = 0x4000;
/** The child is the caller's sibling. */
export const CLONE_PARENT = 0x8000;
/** The child is a thread of the caller. */
export const CLONE_THREAD = 0x10000;
/** Dispositions of signals are the default ones (clone3 only; 2^32). */
export const CLONE_CLEAR_SIGHAND = 0x100000000;

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
