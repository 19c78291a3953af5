/** Credentials of a task (man 7 credentials, man 7 capabilities). Immutable: a change makes a new object. @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import type { FsCred } from "../../../fs/vfs/cred.ts";
import { CapSet } from "./cap_set.ts";
import { UserNamespace } from "./user_namespace.ts";

const CAP_SETGID = 6, CAP_SETUID = 7, CAP_SETPCAP = 8;
/** Capabilities about files, which go and come with the filesystem uid (man 7 capabilities). */
const FS_CAPS: CapSet = CapSet.of([0, 1, 2, 3, 4, 9, 27, 32]);

/** Everything that says who a task is. */
export interface CredentialFields {
  /** Real, effective, saved and filesystem user id. */
  readonly uid: number;
  readonly euid: number;
  readonly suid: number;
  readonly fsuid: number;
  /** Real, effective, saved and filesystem group id. */
  readonly gid: number;
  readonly egid: number;
  readonly sgid: number;
  readonly fsgid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** Capability sets. */
  readonly effective: CapSet;
  readonly permitted: CapSet;
  readonly inheritable: CapSet;
  readonly bounding: CapSet;
  readonly ambient: CapSet;
  /** Capabilities survive the loss of user id 0 (PR_SET_KEEPCAPS). */
  readonly keepCaps: boolean;
  /** execve gives no new privileges (PR_SET_NO_NEW_PRIVS). */
  readonly noNewPrivs: boolean;
}

const ROOT: CredentialFields = {
  ...{ uid: 0, euid: 0, suid: 0, fsuid: 0, gid: 0, egid: 0, sgid: 0, fsgid: 0, groups: [] },
  effective: CapSet.FULL,
  permitted: CapSet.FULL,
  inheritable: CapSet.EMPTY,
  bounding: CapSet.FULL,
  ambient: CapSet.EMPTY,
  keepCaps: false,
  noNewPrivs: false,
};

/** See the module's comment. */
export class Credentials implements FsCred {
  /** Root with every capability. */
  static readonly ROOT: Credentials = new Credentials(ROOT, UserNamespace.INITIAL);

  /** See FsCred. */
  readonly fsuid: number;
  /** See FsCred. */
  readonly fsgid: number;
  /** See FsCred. */
  readonly groups: readonly number[];
  readonly #low: number;
  readonly #high: number;

  /** Credentials with these fields, in a user namespace. Ids are the kernel's own. */
  constructor(readonly fields: CredentialFields, readonly userNs: UserNamespace) {
    this.fsuid = fields.fsuid;
    this.fsgid = fields.fsgid;
    this.groups = fields.groups;
    this.#low = fields.effective.low;
    this.#high = fields.effective.high;
  }

  /** See FsCred: in the user namespace of these credentials. */
  capable(cap: number): boolean {
    return (cap < 32 ? this.#low >>> cap & 1 : this.#high >>> (cap - 32) & 1) === 1;
  }

  /** A capability in the initial user namespace: what nothing inside of another one may do. */
  globallyCapable(cap: number): boolean {
    return this.userNs.parent === null && this.capable(cap);
  }

  /**
   * A capability in a user namespace (user_namespaces(7), "the rules for determining whether or not a process has a capability in a particular
   * user namespace"): held there, held by the creator of one below, or everything as its owner.
   */
  nsCapable(namespace: UserNamespace, cap: number): boolean {
    for (let at: UserNamespace | null = namespace; at !== null; at = at.parent) {
      if (at === this.userNs) return this.capable(cap);
      if (at.level <= this.userNs.level) return false;
      if (at.parent === this.userNs && at.ownerUid === this.fields.euid) return true;
    }
    return false;
  }

  /** The same with some fields changed. */
  with(changes: Partial<CredentialFields>): Credentials {
    return new Credentials({ ...this.fields, ...changes }, this.userNs);
  }

  /** In another user namespace: with every capability there (user_namespaces(7), "Capabilities"). */
  entering(userNs: UserNamespace): Credentials {
    return new Credentials({
      ...this.fields,
      effective: CapSet.FULL,
      permitted: CapSet.FULL,
      inheritable: CapSet.EMPTY,
      bounding: CapSet.FULL,
      ambient: CapSet.EMPTY,
      keepCaps: false,
    }, userNs);
  }

  /** setresuid(2): -1 keeps an id. */
  setresuid(ruid: number, euid: number, suid: number): Credentials | number {
    const f = this.fields;
    const mine = [f.uid, f.euid, f.suid];
    if (!this.capable(CAP_SETUID) && [ruid, euid, suid].some((id) => id !== -1 && !mine.includes(id))) {
      return -EPERM;
    }
    const next = {
      uid: ruid === -1 ? f.uid : ruid,
      euid: euid === -1 ? f.euid : euid,
      suid: suid === -1 ? f.suid : suid,
    };
    return this.with({ ...next, fsuid: next.euid, ...this.#capsAfterUid(next) });
  }

  /** What a change of user ids does to capabilities (man 7 capabilities, "Effect of user ID changes"). */
  #capsAfterUid(next: { uid: number; euid: number; suid: number }): Partial<CredentialFields> {
    const f = this.fields;
    let { effective, permitted, ambient } = f;
    const hadRoot = f.uid === 0 || f.euid === 0 || f.suid === 0;
    const hasRoot = next.uid === 0 || next.euid === 0 || next.suid === 0;
    if (hadRoot && !hasRoot) {
      if (!f.keepCaps) permitted = effective = CapSet.EMPTY;
      ambient = CapSet.EMPTY;
    }
    if (f.euid === 0 && next.euid !== 0) effective = CapSet.EMPTY;
    else if (f.euid !== 0 && next.euid === 0) effective = permitted;
    else if (f.fsuid === 0 && next.euid !== 0) effective = effective.without(FS_CAPS);
    return { effective, permitted, ambient };
  }

  /** setresgid(2): -1 keeps an id. */
  setresgid(rgid: number, egid: number, sgid: number): Credentials | number {
    const f = this.fields;
    const mine = [f.gid, f.egid, f.sgid];
    if (!this.capable(CAP_SETGID) && [rgid, egid, sgid].some((id) => id !== -1 && !mine.includes(id))) {
      return -EPERM;
    }
    const next = egid === -1 ? f.egid : egid;
    return this.with({
      gid: rgid === -1 ? f.gid : rgid,
      egid: next,
      sgid: sgid === -1 ? f.sgid : sgid,
      fsgid: next,
    });
  }

  /** setgroups(2). */
  setgroups(groups: readonly number[]): Credentials | number {
    if (!this.capable(CAP_SETGID)) return -EPERM;
    return groups.length > 65536 ? -EINVAL : this.with({ groups: [...groups].sort((a, b) => a - b) });
  }

  /** capset(2): the rules of man 7 capabilities for the three sets. */
  capset(effective: CapSet, permitted: CapSet, inheritable: CapSet): Credentials | number {
    const f = this.fields;
    const reach = f.inheritable.or(this.capable(CAP_SETPCAP) ? f.bounding : f.permitted);
    if (!inheritable.within(reach) || !permitted.within(f.permitted) || !effective.within(permitted)) {
      return -EPERM;
    }
    return this.with({
      effective,
      permitted,
      inheritable,
      ambient: f.ambient.and(permitted).and(inheritable),
    });
  }

  /** prctl PR_CAPBSET_DROP. */
  dropBounding(cap: number): Credentials | number {
    if (!this.capable(CAP_SETPCAP)) return -EPERM;
    return this.with({ bounding: this.fields.bounding.without(CapSet.of([cap])) });
  }

  /** prctl PR_CAP_AMBIENT_RAISE. */
  raiseAmbient(cap: number): Credentials | number {
    const f = this.fields;
    if (!f.permitted.has(cap) || !f.inheritable.has(cap)) return -EPERM;
    return this.with({ ambient: f.ambient.or(CapSet.of([cap])) });
  }

  /**
   * What execve makes of them (man 7 capabilities, "Transformation of capabilities during execve"), for a file without
   * file capabilities. `setuid`, `setgid`: owner and group to take on, -1 for none; ignored under no_new_privs.
   */
  afterExec(setuid: number, setgid: number): Credentials {
    const f = this.fields;
    const euid = setuid === -1 || f.noNewPrivs ? f.euid : setuid;
    const egid = setgid === -1 || f.noNewPrivs ? f.egid : setgid;
    const root = f.uid === 0 || euid === 0;
    const privileged = euid !== f.euid || egid !== f.egid;
    const ambient = privileged ? CapSet.EMPTY : f.ambient;
    let permitted = (root ? f.inheritable.or(f.bounding) : CapSet.EMPTY).or(ambient);
    if (f.noNewPrivs) permitted = permitted.and(f.permitted);
    const effective = euid === 0 ? permitted : ambient;
    return this.with({
      ...{ euid, suid: euid, fsuid: euid, egid, sgid: egid, fsgid: egid },
      ...{ permitted, effective, ambient, keepCaps: false },
    });
  }
}
