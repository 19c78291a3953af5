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

/** One map of a user namespace, between its ids and the kernel's own. */
export interface CredIdMap {
  /** The kernel's id; -1 for none. */
  toKernel(id: number): number;
  /** The namespace's id; -1 for none. */
  fromKernel(id: number): number;
  /** The namespace's id, or the overflow id. */
  shown(id: number): number;
}

/** The maps of a user namespace. */
export interface CredIdMaps {
  /** User ids. */
  readonly uids: CredIdMap;
  /** Group ids. */
  readonly gids: CredIdMap;
}

/** Filesystem identity of a caller. The kernel's Credentials class implements it. */
export interface FsCred {
  /** User id used for filesystem checks. */
  readonly fsuid: number;
  /** Group id used for filesystem checks. */
  readonly fsgid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** True if the effective set holds capability number `cap`, whatever user namespace that is in. */
  capable(cap: number): boolean;
  /** True if it does in the initial user namespace; as `capable` where there is only that. */
  globallyCapable?(cap: number): boolean;
  /** The maps of its user namespace; absent or null in the initial one, where every id is itself. */
  readonly idMaps?: CredIdMaps | null;
}

/** A capability over an inode: its owner and group must be mapped in the caller's user namespace (man 7 user_namespaces). */
export function capableOver(
  cred: FsCred,
  inode: { readonly uid: number; readonly gid: number },
  cap: number,
): boolean {
  if (!cred.capable(cap)) return false;
  const maps = cred.idMaps;
  return maps === null || maps === undefined ||
    (maps.uids.fromKernel(inode.uid) >= 0 && maps.gids.fromKernel(inode.gid) >= 0);
}

/** A capability that only the initial user namespace gives: device nodes, trusted.* attributes. */
export function globallyCapable(cred: FsCred, cap: number): boolean {
  return cred.globallyCapable === undefined ? cred.capable(cap) : cred.globallyCapable(cap);
}

/** Root with every capability: for set-up work and tests. */
export const ROOT_CRED: FsCred = { fsuid: 0, fsgid: 0, groups: [], capable: () => true };
