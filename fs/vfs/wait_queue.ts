/**
 * Wait queues. Nothing in fs/ ever blocks: an operation that would block returns -EAGAIN, and whoever called it waits on
 * the file's queue and tries again. That keeps every filesystem synchronous and leaves suspension to the kernel.
 * @module
 */

/** Something that wants to be told. */
export interface Waiter {
  /** Called on every wake whose events intersect the waiter's; must not throw. May be called more than once. */
  wake(events: number): void;
}

/** A list of waiters on one condition (a pipe end, a terminal, a child's exit). */
export class WaitQueue {
  #waiters: Set<Waiter> | null = null;

  /** Adds a waiter; it stays until removed. */
  add(waiter: Waiter): void {
    (this.#waiters ??= new Set()).add(waiter);
  }

  /** Removes a waiter; no error if it is not there. */
  remove(waiter: Waiter): void {
    this.#waiters?.delete(waiter);
  }

  /** Wakes every waiter with the POLL* events that may have become true. */
  wake(events: number): void {
    if (this.#waiters === null || this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) waiter.wake(events);
  }

  /** Number of waiters. */
  get size(): number {
    return this.#waiters?.size ?? 0;
  }
}
