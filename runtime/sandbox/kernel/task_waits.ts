/** The machinery of a task's waits: who is to be woken, who is held, and how much time went by without the task running. @module */
import { EINTR, ETIMEDOUT } from "../../../fs/abi/errno.ts";
import type { Waiter, WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { SI_KERNEL } from "./sigaction.ts";
import type { Task } from "./task.ts";

/** Longest delay of the host's timers. */
const MAX_TIMER = 2 ** 31 - 1;

/** See the module's comment. */
export class TaskWaits {
  readonly #sleepers: Set<() => void> = new Set();
  readonly #held: (() => void)[] = [];
  #slept = 0;
  /** Monotonic milliseconds since when it waits; null while it runs. */
  #awaySince: number | null = null;
  #endedAt: number | null = null;

  /** Waits of `task`. */
  constructor(readonly task: Task) {}

  #now(): number {
    return this.task.kernel.clock.monotonic();
  }

  /** Is it waiting for something? */
  get isWaiting(): boolean {
    return this.#sleepers.size > 0;
  }

  /** Milliseconds it has run: wall time without its waits. */
  cpuTime(): number {
    return (this.#awaySince ?? this.#endedAt ?? this.#now()) - this.task.startedAt - this.#slept;
  }

  /** It begins to wait. */
  leave(): void {
    this.#awaySince = this.#now();
  }

  /** It runs again. */
  return(): void {
    this.#slept += (this.#endedAt ?? this.#now()) - this.#awaySince!;
    this.#awaySince = null;
  }

  /** It has ended: its time stands still. */
  end(): void {
    this.#endedAt = this.#now();
    this.release();
    this.interrupt();
  }

  /** RLIMIT_CPU is reached: SIGXCPU, again with each second, and SIGKILL at the hard limit. True if there is something to attend to. */
  overCpu(): boolean {
    const { task } = this;
    const { rlimits } = task;
    if (rlimits.cpuMs === Infinity || this.cpuTime() < rlimits.cpuMs) return false;
    const over = rlimits.cpuMs >= rlimits.get(RLIMIT.RLIMIT_CPU)!.hard * 1000;
    rlimits.cpuMs += 1000;
    const signal = over ? SIGNAL.SIGKILL : SIGNAL.SIGXCPU;
    task.signals.send({ signal, code: SI_KERNEL, pid: 0, uid: 0 }, true);
    return task.dying || task.signalPending;
  }

  /** Sleeps until one of the queues is woken with one of `events`, the clock has come to `deadline`, or somebody interrupts. */
  sleep(
    queues: readonly WaitQueue[],
    events: number,
    deadline: number,
    killable = false,
  ): Promise<number> {
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const finish = (result: number): void => {
        for (const queue of queues) queue.remove(waiter);
        this.#sleepers.delete(interrupt);
        if (timer !== undefined) clearTimeout(timer);
        resolve(result);
      };
      const waiter: Waiter = {
        wake: (now) => {
          if ((now & events) !== 0) finish(0);
        },
      };
      const interrupt = (): void => {
        if (!killable || this.task.dying) finish(-EINTR);
      };
      const arm = (): void => {
        const left = deadline - this.#now();
        if (left <= 0 && timer !== undefined) return finish(-ETIMEDOUT);
        timer = setTimeout(arm, Math.min(Math.max(Math.ceil(left), 0), MAX_TIMER));
      };
      for (const queue of queues) queue.add(waiter);
      this.#sleepers.add(interrupt);
      if (deadline !== Infinity) arm();
    });
  }

  /** Ends all sleeps: a signal is to be seen to. */
  interrupt(): void {
    for (const each of [...this.#sleepers]) each();
  }

  /** Waits as long as the task is stopped or frozen. */
  async hold(): Promise<void> {
    const { task } = this;
    while ((task.stopped || task.frozen) && !task.dying) {
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
  }

  /** Lets go what is held. */
  release(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}
