/** Objects by key and by identifier (man 2 msgget, man 2 semget): what System V IPC mechanisms have in common. @module */
import { EACCES, EEXIST, EINVAL, ENOENT, ENOSPC, EPERM } from "../../../../fs/abi/errno.ts";
import { CAP_SYS_ADMIN } from "../../../../fs/vfs/cred.ts";
import { type IpcCaller, type IpcPermissions, mayAccess } from "./caller.ts";

/** Make it if it does not exist. */
export const IPC_CREAT = 0o1000;
/** Fail if it exists. */
export const IPC_EXCL = 0o2000;
/** Do not wait. */
export const IPC_NOWAIT = 0o4000;
/** Key of objects without a key. */
export const IPC_PRIVATE = 0;
/** Remove. */
export const IPC_RMID = 0;
/** Change owner and permissions. */
export const IPC_SET = 1;
/** Ask. */
export const IPC_STAT = 2;

/** Identifiers: the place in the table, and how often it has been used times this. */
const SEQUENCE = 32768;

/** An object. */
export interface IpcObject {
  /** Owner and permissions. */
  readonly perm: IpcPermissions;
  /** Its identifier. */
  readonly id: number;
  /** It has been removed: waiters get EIDRM. */
  removed: boolean;
}

/** What owner IPC_SET gives. */
export interface IpcSettings {
  /** New owner. */
  readonly uid: number;
  /** New group. */
  readonly gid: number;
  /** New permission bits. */
  readonly mode: number;
}

/** A table of one kind of object. */
export class IdTable<T extends IpcObject> {
  readonly #byIndex: Map<number, T> = new Map();
  readonly #byKey: Map<number, T> = new Map();
  #sequence = 0;

  /** Objects, by their place. */
  all(): T[] {
    return [...this.#byIndex].sort(([a], [b]) => a - b).map(([, object]) => object);
  }
  /** How many there are. */
  get size(): number {
    return this.#byIndex.size;
  }

  /** xxxget(2): the object's identifier. `fits` judges one that exists, `make` makes one (or says why not). */
  get(
    caller: IpcCaller,
    key: number,
    flags: number,
    limit: number,
    fits: (object: T) => number,
    make: (perm: IpcPermissions, id: number) => T | number,
  ): number {
    const known = key === IPC_PRIVATE ? undefined : this.#byKey.get(key);
    if (known === undefined) {
      if (key !== IPC_PRIVATE && (flags & IPC_CREAT) === 0) return -ENOENT;
      return this.#add(caller, key, flags & 0o777, limit, make);
    }
    if ((flags & (IPC_CREAT | IPC_EXCL)) === (IPC_CREAT | IPC_EXCL)) return -EEXIST;
    const error = fits(known);
    if (error < 0) return error;
    // The permissions asked for must be there for one of owner, group and others alike.
    const want = (flags >> 6 | flags >> 3 | flags) & 6;
    return mayAccess(caller, known.perm, want) ? known.id : -EACCES;
  }

  #add(
    caller: IpcCaller,
    key: number,
    mode: number,
    limit: number,
    make: (perm: IpcPermissions, id: number) => T | number,
  ): number {
    if (this.#byIndex.size >= limit) return -ENOSPC;
    let index = 0;
    while (this.#byIndex.has(index)) index++;
    const { fsuid, fsgid } = caller.cred;
    const perm = { key, uid: fsuid, gid: fsgid, cuid: fsuid, cgid: fsgid, mode };
    const object = make(perm, this.#sequence * SEQUENCE + index);
    if (typeof object === "number") return object;
    this.#sequence = (this.#sequence + 1) % (2 ** 31 / SEQUENCE);
    this.#byIndex.set(index, object);
    if (key !== IPC_PRIVATE) this.#byKey.set(key, object);
    return object.id;
  }

  /** An object by its identifier: -EINVAL if there is none; `want` as for mayAccess, 0 for no check. */
  find(caller: IpcCaller, id: number, want: number): T | number {
    const object = id < 0 ? undefined : this.#byIndex.get(id % SEQUENCE);
    if (object === undefined || object.id !== id) return -EINVAL;
    return want === 0 || mayAccess(caller, object.perm, want) ? object : -EACCES;
  }

  /** An object that the caller owns or has made: -EPERM for others without CAP_SYS_ADMIN. */
  owned(caller: IpcCaller, id: number): T | number {
    const object = this.find(caller, id, 0);
    if (typeof object === "number") return object;
    const { uid, cuid } = object.perm;
    const { cred } = caller;
    return cred.fsuid === uid || cred.fsuid === cuid || cred.capable(CAP_SYS_ADMIN) ? object : -EPERM;
  }

  /** Takes an object out of the table. */
  remove(object: T): void {
    object.removed = true;
    this.#byIndex.delete(object.id % SEQUENCE);
    if (object.perm.key !== IPC_PRIVATE) this.#byKey.delete(object.perm.key);
  }
}
