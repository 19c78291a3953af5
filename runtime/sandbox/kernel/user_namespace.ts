/** User namespaces (man 7 user_namespaces). @module */
import { EINVAL, ENOSPC, EPERM } from "../../../fs/abi/errno.ts";
import type { Credentials } from "./credentials.ts";
import { type IdExtent, IdMap, parseIdMap } from "./id_map.ts";
import { Namespace } from "./namespace.ts";

const CAP_SETGID = 6, CAP_SETUID = 7, CAP_SYS_ADMIN = 21, CAP_SETFCAP = 31;
/** "The kernel imposes a limit of 32 nested levels" (user_namespaces(7)). */
const MAX_LEVEL = 32;

/** See the module's comment. Ids in it are the kernel's own. */
export class UserNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "user";
  /** Depth: 0 for the initial one. */
  readonly level: number;
  /** User ids. */
  uids: IdMap;
  /** Group ids. */
  gids: IdMap;
  /** setgroups(2) may be used, once gid_map has been written. */
  setgroupsAllowed: boolean;
  readonly #parentCouldSetFcap: boolean;

  private constructor(
    readonly parent: UserNamespace | null,
    readonly ownerUid: number,
    readonly ownerGid: number,
    couldSetFcap: boolean,
  ) {
    super(parent);
    this.level = parent === null ? 0 : parent.level + 1;
    this.uids = this.gids = parent === null ? IdMap.IDENTITY : IdMap.EMPTY;
    this.setgroupsAllowed = parent?.setgroupsAllowed ?? true;
    this.#parentCouldSetFcap = couldSetFcap;
  }

  /** The initial namespace: the same for every kernel, since nothing in it can change. */
  static readonly INITIAL: UserNamespace = new UserNamespace(null, 0, 0, true);

  /** A namespace that `cred` creates: -ENOSPC when they are nested too deep, -EPERM when its ids are not mapped where it is. */
  static create(cred: Credentials): UserNamespace | number {
    const parent = cred.userNs;
    const { euid, egid } = cred.fields;
    if (parent.level >= MAX_LEVEL) return -ENOSPC;
    if (parent.uids.fromKernel(euid) < 0 || parent.gids.fromKernel(egid) < 0) return -EPERM;
    return new UserNamespace(parent, euid, egid, cred.capable(CAP_SETFCAP));
  }

  /** Is it `other`, or below it? */
  isWithin(other: UserNamespace): boolean {
    return other === this || (this.parent?.isWithin(other) ?? false);
  }

  /** May setgroups(2) be called here? */
  get maySetgroups(): boolean {
    return this.setgroupsAllowed && this.gids.extents.length > 0;
  }

  /** A write to uid_map or gid_map through a file that `opener` opened, by `writer`: 0, or a negative errno. */
  writeMap(which: "uids" | "gids", text: string, opener: Credentials, writer: Credentials): number {
    if (this.parent === null) return -EPERM;
    if (opener.userNs !== this && opener.userNs !== this.parent) return -EPERM;
    if (this[which].extents.length > 0) return -EPERM;
    if (!opener.nsCapable(this, CAP_SYS_ADMIN)) return -EPERM;
    const extents = parseIdMap(text);
    if (typeof extents === "number") return extents;
    if (!this.#permitted(which, extents, opener, writer)) return -EPERM;
    const mapped: IdExtent[] = [];
    for (const { first, lower, count } of extents) {
      const kernel = this.parent[which].rangeToKernel(lower, count);
      if (kernel < 0) return -EPERM;
      mapped.push({ first, lower: kernel, count });
    }
    this[which] = new IdMap(mapped);
    return 0;
  }

  #permitted(
    which: "uids" | "gids",
    extents: readonly IdExtent[],
    opener: Credentials,
    writer: Credentials,
  ): boolean {
    const parent = this.parent!;
    if (which === "uids" && !this.#rootMapPermitted(extents, opener)) return false;
    const [only] = extents;
    if (extents.length === 1 && only!.count === 1 && this.ownerUid === opener.fields.euid) {
      const kernel = parent[which].toKernel(only!.lower);
      if (which === "uids" && kernel === opener.fields.euid) return true;
      if (which === "gids" && !this.setgroupsAllowed && kernel === opener.fields.egid) return true;
    }
    const cap = which === "uids" ? CAP_SETUID : CAP_SETGID;
    return writer.nsCapable(parent, cap) && opener.nsCapable(parent, cap);
  }

  /** Mapping the parent's user 0 needs CAP_SETFCAP: else a binary made here could carry capabilities there. */
  #rootMapPermitted(extents: readonly IdExtent[], opener: Credentials): boolean {
    if (!extents.some(({ lower }) => lower === 0)) return true;
    return opener.userNs === this ? this.#parentCouldSetFcap : opener.nsCapable(this.parent!, CAP_SETFCAP);
  }

  /** A write to /proc/PID/setgroups: "allow" or "deny", which cannot be taken back. */
  writeSetgroups(text: string, opener: Credentials): number {
    if (!opener.nsCapable(this, CAP_SYS_ADMIN)) return -EPERM;
    const word = text.trim();
    if (word === "allow") return this.setgroupsAllowed ? 0 : -EPERM;
    if (word !== "deny") return -EINVAL;
    if (this.gids.extents.length > 0) return -EPERM;
    this.setgroupsAllowed = false;
    return 0;
  }

  /** uid_map or gid_map as someone in `reader` reads it: the outer ids are those of the reader's namespace, or of the parent. */
  showMap(which: "uids" | "gids", reader: UserNamespace): string {
    const outer = reader === this && this.parent !== null ? this.parent : reader;
    return this[which].extents.map(({ first, lower, count }) => {
      const outside = outer[which].fromKernel(lower);
      return [first, outside < 0 ? 2 ** 32 - 1 : outside, count].map((n) => String(n).padStart(10)).join(" ");
    }).map((line) => `${line}\n`).join("");
  }
}
