/** System V semaphores (man 2 semget, semop, semctl). @module */
import { E2BIG, EAGAIN, EFBIG, EIDRM, EINVAL, ENOSPC, ERANGE } from "../../../../fs/abi/errno.ts";
import { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { type IpcCaller, type IpcPermissions, mayAccess } from "./caller.ts";
import { IdTable, IPC_NOWAIT, type IpcObject, type IpcSettings } from "./id_table.ts";
import type { IpcLimits } from "./limits.ts";
import { EACCES } from "../../../../fs/abi/errno.ts";

/** Undone when the process ends. */
export const SEM_UNDO = 0x1000;
/** Highest value. */
export const SEMVMX = 32767;

/** One operation of semop(2). */
export interface SemaphoreOperation {
  /** Which semaphore of the set. */
  readonly index: number;
  /** Added; 0 waits for zero. */
  readonly change: number;
  /** IPC_NOWAIT, SEM_UNDO. */
  readonly flags: number;
}

/** A semaphore. */
export interface Semaphore {
  /** semval. */
  value: number;
  /** Process that changed it last. */
  pid: number;
  /** Waiting for it to grow (semncnt). */
  waitingForMore: number;
  /** Waiting for it to be zero (semzcnt). */
  waitingForZero: number;
}

/** A set. */
export class SemaphoreSet implements IpcObject {
  /** See IpcObject. */
  removed = false;
  /** The semaphores. */
  readonly semaphores: readonly Semaphore[];
  /** Time of the last semop, in seconds. */
  operatedAt = 0;
  /** What is undone when a process ends. */
  readonly undo: Map<object, number[]> = new Map();
  /** Told when a value changes, and at the end. */
  readonly changed: WaitQueue = new WaitQueue();

  /** A set of `count` semaphores, all 0. */
  constructor(readonly perm: IpcPermissions, readonly id: number, count: number, public changedAt: number) {
    this.semaphores = Array.from(
      { length: count },
      () => ({ value: 0, pid: 0, waitingForMore: 0, waitingForZero: 0 }),
    );
  }
}

/** The sets of a namespace. */
export class Semaphores {
  /** By key and identifier. */
  readonly table: IdTable<SemaphoreSet> = new IdTable();
  #count = 0;

  /** No sets. */
  constructor(readonly limits: IpcLimits) {}

  /** semget(2). */
  get(caller: IpcCaller, key: number, count: number, flags: number): number {
    const { semmsl, semmni, semmns } = this.limits;
    if (count < 0 || count > semmsl) return -EINVAL;
    return this.table.get(
      caller,
      key,
      flags,
      semmni,
      (set) => count > set.semaphores.length ? -EINVAL : 0,
      (perm, id) => {
        if (count === 0) return -EINVAL;
        if (this.#count + count > semmns) return -ENOSPC;
        this.#count += count;
        return new SemaphoreSet(perm, id, count, caller.now());
      },
    );
  }

  /** semtimedop(2): all operations at once, after a wait until they can be done. `deadline` in monotonic milliseconds. */
  async operate(
    caller: IpcCaller,
    id: number,
    operations: readonly SemaphoreOperation[],
    deadline?: number,
  ): Promise<number> {
    if (operations.length === 0) return -EINVAL;
    if (operations.length > this.limits.semopm) return -E2BIG;
    const set = this.table.find(caller, id, 0);
    if (typeof set === "number") return set;
    if (operations.some(({ index }) => index < 0 || index >= set.semaphores.length)) return -EFBIG;
    const want = operations.some(({ change }) => change !== 0) ? 2 : 4;
    if (!mayAccess(caller, set.perm, want)) return -EACCES;
    for (;;) {
      if (set.removed) return -EIDRM;
      const blocking = tryAll(caller, set, operations);
      if (typeof blocking === "number") return blocking;
      if ((blocking.flags & IPC_NOWAIT) !== 0) return -EAGAIN;
      const semaphore = set.semaphores[blocking.index]!;
      const counter = blocking.change === 0 ? "waitingForZero" : "waitingForMore";
      semaphore[counter]++;
      const error = await caller.wait(set.changed, deadline);
      semaphore[counter]--;
      if (error < 0) return set.removed ? -EIDRM : error === -110 ? -EAGAIN : error;
    }
  }

  /** semctl(2) with IPC_STAT, GETALL, GETVAL, GETPID, GETNCNT, GETZCNT. */
  stat(caller: IpcCaller, id: number): SemaphoreSet | number {
    return this.table.find(caller, id, 4);
  }
  /** semctl(2) with SETVAL (`from` is the semaphore) or SETALL (`from` 0, all values): clears what was to be undone. */
  setValues(caller: IpcCaller, id: number, from: number, values: readonly number[]): number {
    const set = this.table.find(caller, id, 2);
    if (typeof set === "number") return set;
    if (from < 0 || from + values.length > set.semaphores.length) return -EINVAL;
    if (values.some((value) => value < 0 || value > SEMVMX)) return -ERANGE;
    values.forEach((value, i) => {
      const semaphore = set.semaphores[from + i]!;
      semaphore.value = value;
      semaphore.pid = caller.pid;
      for (const undo of set.undo.values()) undo[from + i] = 0;
    });
    set.changedAt = caller.now();
    set.changed.wake(-1);
    return 0;
  }
  /** semctl(2) with IPC_SET. */
  set(caller: IpcCaller, id: number, { uid, gid, mode }: IpcSettings): number {
    const set = this.table.owned(caller, id);
    if (typeof set === "number") return set;
    Object.assign(set.perm, { uid, gid, mode: mode & 0o777 });
    set.changedAt = caller.now();
    return 0;
  }
  /** semctl(2) with IPC_RMID: waiters get EIDRM. */
  remove(caller: IpcCaller, id: number): number {
    const set = this.table.owned(caller, id);
    if (typeof set === "number") return set;
    this.table.remove(set);
    this.#count -= set.semaphores.length;
    set.changed.wake(-1);
    return 0;
  }
  /** A process has ended: what it did with SEM_UNDO is taken back, as far as values stay between 0 and SEMVMX. Each is then changed by it. */
  exit(identity: object, pid: number): void {
    for (const set of this.table.all()) {
      const undo = set.undo.get(identity);
      if (undo === undefined) continue;
      set.undo.delete(identity);
      undo.forEach((change, i) => {
        if (change === 0) return;
        const semaphore = set.semaphores[i]!;
        semaphore.pid = pid;
        semaphore.value = Math.min(SEMVMX, Math.max(0, semaphore.value + change));
      });
      set.changed.wake(-1);
    }
  }
}

/** Does all operations, or none: 0, a negative errno, or the operation that has to wait. */
function tryAll(
  caller: IpcCaller,
  set: SemaphoreSet,
  operations: readonly SemaphoreOperation[],
): number | SemaphoreOperation {
  const values = set.semaphores.map(({ value }) => value);
  const undo = [...set.undo.get(caller.identity) ?? values.map(() => 0)];
  let undoes = false;
  for (const operation of operations) {
    const { index, change, flags } = operation;
    const value = values[index]! + change;
    if (change === 0 ? values[index] !== 0 : value < 0) return operation;
    if (value > SEMVMX) return -ERANGE;
    values[index] = value;
    if ((flags & SEM_UNDO) !== 0) {
      undoes = true;
      undo[index]! -= change;
      if (Math.abs(undo[index]!) > SEMVMX) return -ERANGE;
    }
  }
  let altered = false;
  for (const { index, change } of operations) {
    const semaphore = set.semaphores[index]!;
    semaphore.pid = caller.pid;
    altered ||= change !== 0;
    semaphore.value = values[index]!;
  }
  if (undoes) set.undo.set(caller.identity, undo);
  set.operatedAt = caller.now();
  if (altered) set.changed.wake(-1);
  return 0;
}
