/** Credentials of a task (man 7 credentials, man 7 capabilities). Immutable: a change makes a new object. @module */
import type { FsCred } from "../../../fs/vfs/cred.ts";
import { CapSet } from "./cap_set.ts";
import { UserNamespace } from "./user_namespace.ts";

/** SECBIT_NOROOT: user id 0 gives no capabilities. */
export const SECBIT_NOROOT = 1;
/** SECBIT_NO_SETUID_FIXUP: changes of user ids leave capabilities alone. */
export const SECBIT_NO_SETUID_FIXUP = 4;
/** SECBIT_KEEP_CAPS: permitted capabilities survive the loss of user id 0. */
export const SECBIT_KEEP_CAPS = 16;
/** SECBIT_NO_CAP_AMBIENT_RAISE: nothing is added to the ambient set. */
export const SECBIT_NO_CAP_AMBIENT_RAISE = 64;

/** Everything that says who a task is. Ids are the kernel's own, those of the initial user namespace. */
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
  /** SECBIT_* flags; each has its lock one bit further. */
  readonly securebits: number;
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
  securebits: 0,
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
  /** See FsCred: null where every id is itself. */
  readonly idMaps: UserNamespace | null;
  readonly #low: number;
  readonly #high: number;

  /** Credentials with these fields, in a user namespace. */
  constructor(readonly fields: CredentialFields, readonly userNs: UserNamespace) {
    this.fsuid = fields.fsuid;
    this.fsgid = fields.fsgid;
    this.groups = fields.groups;
    this.idMaps = userNs.parent === null ? null : userNs;
    this.#low = fields.effective.low;
    this.#high = fields.effective.high;
  }

  /** See FsCred: in the user namespace of these credentials. */
  capable(cap: number): boolean {
    return (cap < 32 ? this.#low >>> cap & 1 : this.#high >>> (cap - 32) & 1) === 1;
  }

  /** See FsCred. */
  globallyCapable(cap: number): boolean {
    return this.idMaps === null && this.capable(cap);
  }

  /**
   * A capability in a user namespace (user_namespaces(7), "the rules for determining whether or not a process has a capability in a particular
   * user namespace"): held there, held in an ancestor, or everything as the owner, in the parent.
   */
  nsCapable(namespace: UserNamespace, cap: number): boolean {
    for (let at: UserNamespace | null = namespace; at !== null; at = at.parent) {
      if (at === this.userNs) return this.capable(cap);
      if (at.level <= this.userNs.level) return false;
      if (at.parent === this.userNs && at.ownerUid === this.fields.euid) return true;
    }
    return false;
  }

  /** Is a SECBIT_* set? */
  secure(bit: number): boolean {
    return (this.fields.securebits & bit) !== 0;
  }

  /** The kernel's id of user 0 of the namespace; -1 if it has none. */
  get rootUid(): number {
    return this.idMaps === null ? 0 : this.idMaps.uids.toKernel(0);
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
      securebits: 0,
    }, userNs);
  }

  /** Has it every capability that `other` may use? */
  holdsAllOf(other: Credentials): boolean {
    return other.fields.permitted.within(this.fields.permitted);
  }
}
