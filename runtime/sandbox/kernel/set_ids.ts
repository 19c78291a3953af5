/**
 * Changes of user and group ids (man 2 setuid, setreuid, setresuid, setfsuid and their like for groups). Ids are those of the caller's
 * user namespace, -1 keeps one; the result is new credentials or a negative errno: -EINVAL for an id without a mapping.
 * @module
 */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { CapSet } from "./cap_set.ts";
import {
  type CredentialFields,
  type Credentials,
  SECBIT_KEEP_CAPS,
  SECBIT_NO_SETUID_FIXUP,
} from "./credentials.ts";
import type { IdMap } from "./id_map.ts";

const CAP_SETGID = 6, CAP_SETUID = 7;
/** Most supplementary groups (NGROUPS_MAX). */
const NGROUPS_MAX = 65536;
/** Capabilities about files, which go and come with the filesystem user id. */
const FS_CAPS: CapSet = CapSet.of([0, 1, 2, 3, 4, 9, 27, 32]);

/** The kernel's ids of these; -EINVAL if one has no mapping. */
function mapped(map: IdMap, ids: readonly number[]): number[] | number {
  const out = ids.map((id) => id === -1 ? -1 : map.toKernel(id));
  return out.some((id, i) => id === -1 && ids[i] !== -1) ? -EINVAL : out;
}

/** Does setresuid or setresgid leave all as it is? Then the filesystem id stays too (Linux 6.3). */
function isNoChange(ids: readonly number[], mine: readonly number[], fs: number): boolean {
  return ids.every((id, i) => id === -1 || (id === mine[i] && (i !== 1 || id === fs)));
}

/** What a change of user ids does to capabilities (man 7 capabilities, "Effect of user ID changes on capabilities"). */
function fixCapabilities(
  cred: Credentials,
  next: { readonly uid: number; readonly euid: number; readonly suid: number },
): Partial<CredentialFields> {
  if (cred.secure(SECBIT_NO_SETUID_FIXUP)) return {};
  const f = cred.fields, root = cred.rootUid;
  let { effective, permitted, ambient } = f;
  const had = f.uid === root || f.euid === root || f.suid === root;
  const has = next.uid === root || next.euid === root || next.suid === root;
  if (had && !has) {
    if (!cred.secure(SECBIT_KEEP_CAPS)) permitted = effective = CapSet.EMPTY;
    ambient = CapSet.EMPTY;
  }
  if (f.euid === root && next.euid !== root) effective = CapSet.EMPTY;
  if (f.euid !== root && next.euid === root) effective = permitted;
  return { effective, permitted, ambient };
}

function withUserIds(cred: Credentials, uid: number, euid: number, suid: number): Credentials {
  const next = { uid, euid, suid };
  return cred.with({ ...next, fsuid: euid, ...fixCapabilities(cred, next) });
}

/** setresuid(2). */
export function setresuid(cred: Credentials, ruid: number, euid: number, suid: number): Credentials | number {
  const ids = mapped(cred.userNs.uids, [ruid, euid, suid]);
  if (typeof ids === "number") return ids;
  const f = cred.fields;
  const mine = [f.uid, f.euid, f.suid];
  if (isNoChange(ids, mine, f.fsuid)) return cred;
  if (!cred.capable(CAP_SETUID) && ids.some((id) => id !== -1 && !mine.includes(id))) return -EPERM;
  const [r, e, s] = ids.map((id, i) => id === -1 ? mine[i]! : id);
  return withUserIds(cred, r!, e!, s!);
}

/** setreuid(2): the saved id follows the effective one when the real id is set, or the effective one to something else than it. */
export function setreuid(cred: Credentials, ruid: number, euid: number): Credentials | number {
  const ids = mapped(cred.userNs.uids, [ruid, euid]);
  if (typeof ids === "number") return ids;
  const [r, e] = ids as [number, number];
  const f = cred.fields;
  if (!cred.capable(CAP_SETUID)) {
    if (r !== -1 && r !== f.uid && r !== f.euid) return -EPERM;
    if (e !== -1 && e !== f.uid && e !== f.euid && e !== f.suid) return -EPERM;
  }
  const uid = r === -1 ? f.uid : r, next = e === -1 ? f.euid : e;
  return withUserIds(cred, uid, next, r !== -1 || (e !== -1 && e !== f.uid) ? next : f.suid);
}

/** setuid(2): all three with CAP_SETUID, else the effective one to the real or saved. */
export function setuid(cred: Credentials, uid: number): Credentials | number {
  const id = cred.userNs.uids.toKernel(uid);
  if (id < 0) return -EINVAL;
  const f = cred.fields;
  if (cred.capable(CAP_SETUID)) return withUserIds(cred, id, id, id);
  return id === f.uid || id === f.suid ? withUserIds(cred, f.uid, id, f.suid) : -EPERM;
}

/** setfsuid(2): the same credentials where it is not allowed (the call has no errors). */
export function setfsuid(cred: Credentials, uid: number): Credentials {
  const id = cred.userNs.uids.toKernel(uid);
  const f = cred.fields, root = cred.rootUid;
  if (id < 0 || !(cred.capable(CAP_SETUID) || [f.uid, f.euid, f.suid, f.fsuid].includes(id))) return cred;
  let { effective } = f;
  if (!cred.secure(SECBIT_NO_SETUID_FIXUP)) {
    if (f.fsuid === root && id !== root) effective = effective.without(FS_CAPS);
    if (f.fsuid !== root && id === root) effective = effective.or(f.permitted.and(FS_CAPS));
  }
  return cred.with({ fsuid: id, effective });
}

/** setresgid(2). */
export function setresgid(cred: Credentials, rgid: number, egid: number, sgid: number): Credentials | number {
  const ids = mapped(cred.userNs.gids, [rgid, egid, sgid]);
  if (typeof ids === "number") return ids;
  const f = cred.fields;
  const mine = [f.gid, f.egid, f.sgid];
  if (isNoChange(ids, mine, f.fsgid)) return cred;
  if (!cred.capable(CAP_SETGID) && ids.some((id) => id !== -1 && !mine.includes(id))) return -EPERM;
  const [r, e, s] = ids.map((id, i) => id === -1 ? mine[i]! : id);
  return cred.with({ gid: r!, egid: e!, sgid: s!, fsgid: e! });
}

/** setregid(2). */
export function setregid(cred: Credentials, rgid: number, egid: number): Credentials | number {
  const ids = mapped(cred.userNs.gids, [rgid, egid]);
  if (typeof ids === "number") return ids;
  const [r, e] = ids as [number, number];
  const f = cred.fields;
  if (!cred.capable(CAP_SETGID)) {
    if (r !== -1 && r !== f.gid && r !== f.egid) return -EPERM;
    if (e !== -1 && e !== f.gid && e !== f.egid && e !== f.sgid) return -EPERM;
  }
  const gid = r === -1 ? f.gid : r, next = e === -1 ? f.egid : e;
  const sgid = r !== -1 || (e !== -1 && e !== f.gid) ? next : f.sgid;
  return cred.with({ gid, egid: next, sgid, fsgid: next });
}

/** setgid(2). */
export function setgid(cred: Credentials, gid: number): Credentials | number {
  const id = cred.userNs.gids.toKernel(gid);
  if (id < 0) return -EINVAL;
  const f = cred.fields;
  if (cred.capable(CAP_SETGID)) return cred.with({ gid: id, egid: id, sgid: id, fsgid: id });
  return id === f.gid || id === f.sgid ? cred.with({ egid: id, fsgid: id }) : -EPERM;
}

/** setfsgid(2): the same credentials where it is not allowed. */
export function setfsgid(cred: Credentials, gid: number): Credentials {
  const id = cred.userNs.gids.toKernel(gid);
  const f = cred.fields;
  const mine = [f.gid, f.egid, f.sgid, f.fsgid].includes(id);
  return id < 0 || !(mine || cred.capable(CAP_SETGID)) ? cred : cred.with({ fsgid: id });
}

/** setgroups(2): refused before gid_map is written, and where /proc/PID/setgroups says "deny" (user_namespaces(7)). */
export function setgroups(cred: Credentials, groups: readonly number[]): Credentials | number {
  if (!cred.capable(CAP_SETGID) || !cred.userNs.maySetgroups) return -EPERM;
  if (groups.length > NGROUPS_MAX) return -EINVAL;
  const ids = groups.map((gid) => cred.userNs.gids.toKernel(gid));
  return ids.includes(-1) ? -EINVAL : cred.with({ groups: ids.sort((a, b) => a - b) });
}
