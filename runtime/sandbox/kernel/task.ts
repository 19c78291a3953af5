/** Tasks: what Linux's task_struct is. A task is a Caller of the VFS, and knows how to wait and how to end. @module */
import { EINTR, ETIMEDOUT } from "../../../fs/abi/errno.ts";
import type { VPath } from "../../../fs/vfs/dentry.ts";
import type { MountNamespace } from "../../../fs/vfs/mount_namespace.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { Caller, Vfs } from "../../../fs/vfs/vfs.ts";
import { type Waiter, WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import { defaultAction, SIGNAL } from "../../abi/linux/signal.ts";
import { signaled } from "../../abi/linux/wait_status.ts";
import type { Credentials } from "./credentials.ts";
import type { FdTable } from "./fd_table.ts";
import type { Kernel } from "./kernel.ts";
import type { NsProxy } from "./namespaces.ts";
import { Rlimits } from "./rlimits.ts";

/** Longest delay of the host's timers. */
const MAX_TIMER = 2 ** 31 - 1;

/** What a task starts with. */
export interface TaskOptions {
  /** Its parent; null for the first. */
  readonly parent: Task | null;
  /** Its namespaces. */
  readonly nsproxy: NsProxy;
  /** Root directory. */
  readonly root: VPath;
  /** Working directory. */
  readonly cwd: VPath;
  /** Mode mask. */
  readonly umask: number;
  /** Who it is. */
  readonly cred: Credentials;
  /** Its descriptors. */
  readonly files: FdTable;
}

/** See the module's comment. */
export class Task implements Caller {
  /** See Caller. */
  readonly vfs: Vfs;
  /** Root directory. */
  root: VPath;
  /** Working directory. */
  cwd: VPath;
  /** Mode mask. */
  umask: number;
  /** Credentials. */
  cred: Credentials;
  /** Namespaces. */
  nsproxy: NsProxy;
  /** Descriptors. */
  files: FdTable;
  /** Parent; null for a first task, or when it is gone. */
  parent: Task | null;
  /** Resource limits. */
  readonly rlimits: Rlimits = new Rlimits();
  /** Process id in its own pid namespace. */
  readonly pid: number;
  /** Name, 15 bytes at most (man 5 proc, /proc/PID/comm). */
  comm = "umiak";
  /** Arguments it was executed with. */
  argv: readonly string[] = [];
  /** Environment it was executed with. */
  envp: readonly string[] = [];
  /** The file it executes. */
  exe: VPath | null = null;
  /** Monotonic milliseconds at its start. */
  readonly startedAt: number;
  /** It is about to end (a fatal signal): every wait returns -EINTR and the personality unwinds the program. */
  dying = false;
  /** Stopped by SIGSTOP and the like: waits do not return until SIGCONT. */
  stopped = false;
  /** Wait status once it is known. */
  exitStatus: number | null = null;
  /** Told when it has ended. */
  readonly exitQueue: WaitQueue = new WaitQueue();
  /** Why its last execve failed, in words; "" if the errno says it all. */
  execMessage = "";
  #sleepers: Set<() => void> = new Set();
  #continued: (() => void)[] = [];
  #slept = 0;

  /** A task of `kernel`. */
  constructor(readonly kernel: Kernel, options: TaskOptions) {
    this.vfs = kernel.vfs;
    this.parent = options.parent;
    this.nsproxy = options.nsproxy;
    this.root = options.root;
    this.cwd = options.cwd;
    this.umask = options.umask;
    this.cred = options.cred;
    this.files = options.files;
    this.startedAt = kernel.clock.monotonic();
    this.pid = options.nsproxy.pid.allocate(this);
  }

  /** See Caller. */
  get mountNs(): MountNamespace {
    return this.nsproxy.mnt;
  }

  /** Milliseconds it has run: wall time without its waits (the tasks of a kernel share one thread). */
  cpuTime(): number {
    return this.kernel.clock.monotonic() - this.startedAt - this.#slept;
  }

  /**
   * Waits for one of `events` on a file or queue. 0 when woken (the condition is to be checked again), -EINTR for a signal,
   * -ETIMEDOUT once the monotonic clock has reached `deadline`.
   */
  block(what: OpenFile | WaitQueue, events: number, deadline = Infinity): Promise<number> {
    const queue = what instanceof OpenFile ? what.waitQueue() : what;
    return this.waitFor(queue === null ? [] : [queue], events, queue === null ? 0 : deadline);
  }

  /** As block, on several queues. With no queue it is a sleep. */
  async waitFor(queues: readonly WaitQueue[], events: number, deadline: number): Promise<number> {
    if (this.dying) return -EINTR;
    const { clock } = this.kernel;
    const start = clock.monotonic();
    const result = await this.#sleep(queues, events, deadline);
    while (this.stopped && !this.dying) await new Promise<void>((resolve) => this.#continued.push(resolve));
    this.#slept += clock.monotonic() - start;
    return this.dying ? -EINTR : result;
  }

  #sleep(queues: readonly WaitQueue[], events: number, deadline: number): Promise<number> {
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
      const interrupt = (): void => finish(-EINTR);
      const arm = (): void => {
        const left = deadline - this.kernel.clock.monotonic();
        if (left <= 0 && timer !== undefined) return finish(-ETIMEDOUT);
        timer = setTimeout(arm, Math.min(Math.max(Math.ceil(left), 0), MAX_TIMER));
      };
      for (const queue of queues) queue.add(waiter);
      this.#sleepers.add(interrupt);
      if (deadline !== Infinity) arm();
    });
  }

  /** Lets other tasks and the host's events run (sched_yield). */
  async yield(): Promise<void> {
    await this.waitFor([], 0, 0);
  }

  /**
   * Sends the task a signal. Programs cannot install handlers through WASI, so every signal has its default action: it ends
   * the task, stops it, continues it, or nothing.
   */
  raise(signal: number): void {
    const action = defaultAction(signal);
    if (action === "ignore" || this.exitStatus !== null) return;
    if (action === "stop") this.stopped = true;
    else if (action === "continue") this.#continue();
    else {
      this.dying = true;
      this.exitStatus = signaled(signal);
      this.#continue();
      for (const interrupt of [...this.#sleepers]) interrupt();
    }
  }

  #continue(): void {
    this.stopped = false;
    for (const resolve of this.#continued.splice(0)) resolve();
  }

  /** It wrote to a pipe that nobody reads (man 7 pipe). */
  sigpipe(): void {
    this.raise(SIGNAL.SIGPIPE);
  }

  /** The end: gives back what it held and tells who waits. */
  exit(status: number): void {
    this.exitStatus = status;
    this.dying = true;
    for (const interrupt of [...this.#sleepers]) interrupt();
    this.files.closeAll();
    this.nsproxy.pid.tasks.delete(this.pid);
    this.exitQueue.wake(-1);
  }
}
