/** What execve(2) makes of credentials: set-id bits, file capabilities, user 0, no_new_privs (man 7 capabilities). @module */
import { EINVAL, ENODATA, ENOTSUP, EPERM } from "../../../fs/abi/errno.ts";
import { S_ISGID, S_ISUID, S_IXGRP } from "../../../fs/abi/mode.ts";
import { MOUNT_ATTR_NOSUID } from "../../../fs/abi/mount.ts";
import { ownerOn } from "../../../fs/vfs/mod.ts";
import type { Inode } from "../../../fs/vfs/inode.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { inGroup } from "../../../fs/vfs/permission.ts";
import { CapSet } from "./cap_set.ts";
import { type Credentials, SECBIT_KEEP_CAPS, SECBIT_NOROOT } from "./credentials.ts";
import type { UserNamespace } from "./user_namespace.ts";

const CAP_SETUID = 7;
const REVISION_MASK = 0xff000000, REVISION_1 = 0x01000000, REVISION_2 = 0x02000000, REVISION_3 = 0x03000000;
const FLAG_EFFECTIVE = 1;

/** The content of security.capability. */
export interface FileCaps {
  /** Permitted, as far as the bounding set allows. */
  readonly permitted: CapSet;
  /** Inheritable: for those that have them inheritable too. */
  readonly inheritable: CapSet;
  /** What is permitted is effective at once. */
  readonly effective: boolean;
  /** User 0 of the namespace it is for (the initial one's id). */
  readonly rootId: number;
}

/** Reads struct vfs_cap_data of version 1, 2 or 3 (linux/capability.h); -EINVAL for anything else. */
export function parseFileCaps(bytes: Uint8Array): FileCaps | number {
  if (bytes.length < 4) return -EINVAL;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (i: number): number => view.getUint32(i * 4, true);
  const revision = (word(0) & REVISION_MASK) >>> 0;
  const size = revision === REVISION_1
    ? 12
    : revision === REVISION_2
    ? 20
    : revision === REVISION_3
    ? 24
    : -1;
  if (bytes.length !== size) return -EINVAL;
  const wide = revision !== REVISION_1;
  return {
    permitted: CapSet.ofWords(word(1), wide ? word(3) : 0),
    inheritable: CapSet.ofWords(word(2), wide ? word(4) : 0),
    effective: (word(0) & FLAG_EFFECTIVE) !== 0,
    rootId: revision === REVISION_3 ? word(5) : 0,
  };
}

/** Is `uid` user 0 of the namespace or of one above it? Then capabilities for that user count there. */
function isRootAbove(uid: number, namespace: UserNamespace): boolean {
  for (let at: UserNamespace | null = namespace; at !== null; at = at.parent) {
    if (at.uids.fromKernel(uid) === 0) return true;
  }
  return false;
}

/** The file's capabilities as they count for `cred`; null for none. */
function fileCaps(cred: Credentials, inode: Inode): FileCaps | null | number {
  const value = inode.getxattr("security.capability");
  if (typeof value === "number") return value === -ENODATA || value === -ENOTSUP ? null : value;
  const caps = parseFileCaps(value);
  return typeof caps === "number" || isRootAbove(caps.rootId, cred.userNs) ? caps : null;
}

/** The ids that set-id bits give: those of the caller where they give none. */
function setIds(
  cred: Credentials,
  mode: number,
  { uid, gid }: ReturnType<typeof ownerOn>,
): { euid: number; egid: number } {
  const { euid, egid, noNewPrivs } = cred.fields;
  if (noNewPrivs || (mode & (S_ISUID | S_ISGID)) === 0) return { euid, egid };
  // Ids that the namespace does not know give nothing.
  if (cred.userNs.uids.fromKernel(uid) < 0 || cred.userNs.gids.fromKernel(gid) < 0) return { euid, egid };
  const setgid = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP);
  return { euid: (mode & S_ISUID) !== 0 ? uid : euid, egid: setgid ? gid : egid };
}

/**
 * The credentials after executing `file`: "Transformation of capabilities during execve()" and what it says about root, set-id programs and
 * no_new_privs. `sharesFs`: another task has the same root and working directory, so nothing is to be gained. -EPERM for a
 * capability-dumb binary that would not get all it needs.
 */
export function credentialsAfterExec(
  old: Credentials,
  file: OpenFile,
  sharesFs: boolean,
): Credentials | number {
  const { inode } = file;
  const f = old.fields;
  const trusted = inode.sb.trusted && (file.mount!.flags & MOUNT_ATTR_NOSUID) === 0;
  const caps = trusted ? fileCaps(old, inode) : null;
  if (typeof caps === "number") return caps;
  let { euid, egid } = trusted ? setIds(old, inode.mode, ownerOn(inode, file.mount)) : f;
  let permitted = CapSet.EMPTY;
  let effective = false;
  if (caps !== null) {
    permitted = f.bounding.and(caps.permitted).or(f.inheritable.and(caps.inheritable));
    effective = caps.effective;
    if (effective && !caps.permitted.within(permitted)) return -EPERM;
  }
  const root = old.rootUid;
  const setuidRoot = euid === root && f.uid !== root;
  if (!old.secure(SECBIT_NOROOT) && !(caps !== null && setuidRoot)) {
    if (euid === root || f.uid === root) permitted = f.bounding.or(f.inheritable);
    if (euid === root) effective = true;
  }
  // As of Linux 6.16: a process that was somebody else in effect before does not become it now.
  const changed = euid !== f.euid || !inGroup(old, egid);
  if ((changed || !permitted.within(f.permitted)) && (f.noNewPrivs || sharesFs)) {
    if (f.noNewPrivs || !old.capable(CAP_SETUID)) {
      euid = f.uid;
      egid = f.gid;
    }
    permitted = permitted.and(f.permitted);
  }
  const ambient = caps !== null || changed ? CapSet.EMPTY : f.ambient;
  permitted = permitted.or(ambient);
  return old.with({
    ...{ euid, suid: euid, fsuid: euid, egid, sgid: egid, fsgid: egid },
    ...{ permitted, ambient, effective: effective ? permitted : ambient },
    securebits: f.securebits & ~SECBIT_KEEP_CAPS,
  });
}
