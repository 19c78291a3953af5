/** Who is asking: the part of a task's credentials that filesystems' permission checks need (man 7 credentials). @module */

/** Bypass file permission checks. */
export const CAP_CHOWN = 0;
/** Bypass read, write and execute checks (execute only where some x bit is set). */
export const CAP_DAC_OVERRIDE = 1;
/** Bypass read checks, and search checks of directories. */
export const CAP_DAC_READ_SEARCH = 2;
/** Act as the owner of any file. */
export const CAP_FOWNER = 3;
/** Keep set-id bits on modification. */
export const CAP_FSETID = 4;
/** System administration: mounts, trusted.* xattrs. */
export const CAP_SYS_ADMIN = 21;
/** Change the root directory. */
export const CAP_SYS_CHROOT = 18;
/** Create device nodes. */
export const CAP_MKNOD = 27;
/** Set file capabilities. */
export const CAP_SETFCAP = 31;

/** Filesystem identity of a caller. The kernel's Credentials class implements it. */
export interface FsCred {
  /** User id used for filesystem checks. */
  readonly fsuid: number;
  /** Group id used for filesystem checks. */
  readonly fsgid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** True if the effective set holds capability number `cap`. */
  capable(cap: number): boolean;
}

/** Root with every capability: for set-up work and tests. */
export const ROOT_CRED: FsCred = { fsuid: 0, fsgid: 0, groups: [], capable: () => true };
