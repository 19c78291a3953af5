/** Tasks: what Linux's task_struct is. A task is a Caller of the VFS, and knows how to wait and how to end. @module */
import { EINTR } from "../../../fs/abi/errno.ts";
import type { VPath } from "../../../fs/vfs/dentry.ts";
import type { MountNamespace } from "../../../fs/vfs/mount_namespace.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { Caller, Vfs } from "../../../fs/vfs/vfs.ts";
import { type Waiter, WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { signaled } from "../../abi/linux/wait_status.ts";
import type { LoadedImage } from "./binfmt.ts";
import type { Credentials } from "./credentials.ts";
import type { FdTable } from "./fd_table.ts";
import { FsContext } from "./fs_context.ts";
import type { Kernel } from "./kernel.ts";
import type { MntNamespace, NsProxy } from "./namespaces.ts";
import type { Pid } from "./pid.ts";
import type { PidNamespace } from "./pid_namespace.ts";
import { Rlimits } from "./rlimits.ts";
import { DEFAULT_SCHEDULING, type Scheduling } from "./scheduling.ts";
import { NO_SECCOMP, type SeccompState } from "./seccomp.ts";
import { joinGroup, ProcessGroup, Session } from "./session.ts";
import { type Program, SI_KERNEL } from "./sigaction.ts";
import { leaveIpc } from "./ipc_caller.ts";
import { exitTask, notifyStopOrContinue } from "./task_exit.ts";
import { TaskSignals } from "./task_signals.ts";
import { TaskWaits } from "./task_waits.ts";
import { nextTurn } from "./turn.ts";

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
  /** Its id; a new one of the namespaces' by default. */
  readonly id?: Pid;
  /** A context to share in place of root, cwd and umask. */
  readonly fs?: FsContext;
}

/** See the module's comment. Each is a process of its own: there are no threads. */
export class Task implements Caller {
  /** See Caller. */
  readonly vfs: Vfs;
  /** Root, working directory, umask. */
  fs: FsContext;
  /** Credentials. */
  cred: Credentials;
  /** Namespaces. */
  nsproxy: NsProxy;
  /** Descriptors. */
  files: FdTable;
  /** Parent; null for the first task. */
  parent: Task | null;
  /** Children that have not been waited for. */
  readonly children: Set<Task> = new Set();
  /** Told when a child ends, stops or continues. */
  readonly childQueue: WaitQueue = new WaitQueue();
  /** Identity in every pid namespace that sees it. */
  readonly id: Pid;
  /** Process id in its own pid namespace. */
  readonly pid: number;
  /** Process group, and by it the session. */
  group!: ProcessGroup;
  /** Signals. */
  readonly signals: TaskSignals = new TaskSignals(this);
  /** Resource limits. */
  rlimits: Rlimits = new Rlimits();
  /** Signal for the parent at the end; 0 for none (the low byte of clone's flags). */
  exitSignal: number = SIGNAL.SIGCHLD;
  /** Signal for the task when its parent ends (PR_SET_PDEATHSIG). */
  parentDeathSignal = 0;
  /** Orphans below it become its children (PR_SET_CHILD_SUBREAPER). */
  isSubreaper = false;
  /** Others of its user may look at it (PR_SET_DUMPABLE). */
  dumpable = true;
  /** It has called execve since it was made: setpgid(2) by the parent is over. */
  hasExecuted = false;
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
  /** Preference of the OOM killer, -1000 to 1000 (man 5 proc_pid_oom_score_adj). */
  oomScoreAdj = 0;
  /** The least value that an unprivileged process may set. */
  oomScoreAdjMin = 0;
  /** Filters of its system calls. */
  seccomp: SeccompState = NO_SECCOMP;
  /** Scheduling class, priorities, execution domain. */
  scheduling: Scheduling = DEFAULT_SCHEDULING;
  /** Milliseconds of CPU of children that were waited for. */
  childrenCpu = 0;
  /** Who runs its program; null while nobody does. */
  program: Program | null = null;
  /** Somebody runs it and calls exit: else a fatal signal ends it on the spot. */
  driven = false;
  /** The program that execve has put in place of the one that is running (see task_run.ts). */
  nextImage: LoadedImage | null = null;
  /** It is about to end (a fatal signal): every wait returns -EINTR and the personality unwinds the program. */
  dying = false;
  /** Stopped by SIGSTOP and the like: waits do not return until SIGCONT. */
  stopped = false;
  /** Held by its cgroup or the runtime: waits do not return until it is thawed. */
  frozen = false;
  /** A signal is pending whose handler is to be called: waits return -EINTR. */
  signalPending = false;
  /** Wait status of a stop that nobody has waited for (WUNTRACED). */
  stopStatus = 0;
  /** It was continued and nobody has waited for that (WCONTINUED). */
  continued = false;
  /** Wait status once it is known: it may not have ended yet. */
  exitStatus: number | null = null;
  /** Its end has begun; an init's is over when its namespace is empty. */
  exiting = false;
  /** It has ended and keeps only its id and status. */
  isZombie = false;
  /** Told when it has ended. */
  readonly exitQueue: WaitQueue = new WaitQueue();
  /** Told when it executes another program, or ends: what vfork(2) waits for. */
  readonly execQueue: WaitQueue = new WaitQueue();
  /** Why its last execve failed, in words; "" if the errno says it all. */
  execMessage = "";
  #atExit: (() => void)[] | null = null;
  readonly #waits: TaskWaits = new TaskWaits(this);

  /** A task of `kernel`. */
  constructor(readonly kernel: Kernel, options: TaskOptions) {
    this.vfs = kernel.vfs;
    this.parent = options.parent;
    this.nsproxy = options.nsproxy;
    this.fs = options.fs ?? new FsContext(options.root, options.cwd, options.umask);
    this.cred = options.cred;
    this.files = options.files;
    this.startedAt = kernel.clock.monotonic();
    const id = options.id ?? options.nsproxy.pid.allocate();
    if (typeof id === "number") throw new Error(`making a task: errno ${-id}`);
    this.id = id;
    this.pid = id.numbers[id.namespace.level]!;
    id.task = this;
    id.namespace.reaper ??= this;
    this.nsproxy.mnt.users++;
    this.parent?.children.add(this);
    joinGroup(this, this.parent?.group ?? new ProcessGroup(id, new Session(id)));
  }

  /** See Caller. */
  get root(): VPath {
    return this.fs.root;
  }
  set root(place: VPath) {
    this.fs.root = place;
  }
  /** See Caller. */
  get cwd(): VPath {
    return this.fs.cwd;
  }
  set cwd(place: VPath) {
    this.fs.cwd = place;
  }
  /** See Caller. */
  get umask(): number {
    return this.fs.umask;
  }
  set umask(mask: number) {
    this.fs.umask = mask;
  }
  /** See Caller. */
  get mountNs(): MountNamespace {
    return this.nsproxy.mnt.tree;
  }
  /** The pid namespace it is in. */
  get pidNs(): PidNamespace {
    return this.id.namespace;
  }
  /** Is it the init of its pid namespace? */
  get isInit(): boolean {
    return this.id.namespace.reaper === this;
  }
  /** Something is to be attended to at the next safe point: see `attend`. */
  get attention(): boolean {
    return this.dying || this.signalPending || this.stopped || this.frozen;
  }

  /** Is it waiting for something? */
  get isWaiting(): boolean {
    return this.#waits.isWaiting;
  }

  /** Moves it to other namespaces (unshare(2), setns(2)). */
  switchNamespaces(next: NsProxy): void {
    const { mnt, ipc } = this.nsproxy;
    if (next.ipc !== ipc) leaveIpc(this);
    next.mnt.users++;
    this.nsproxy = next;
    this.#leaveMounts(mnt);
  }

  /** A mount namespace that no task is in, and whose file nobody can have, is taken apart: its mounts receive no others any more. */
  #leaveMounts(mnt: MntNamespace): void {
    if (--mnt.users === 0 && !this.kernel.nsfs.isKnown(mnt)) mnt.tree.dissolve();
  }

  /** Milliseconds it has run: wall time without its waits (the tasks of a kernel share one thread). */
  cpuTime(): number {
    return this.#waits.cpuTime();
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
    if (this.dying || this.signalPending) return -EINTR;
    const waits = this.#waits;
    if (waits.overCpu()) return -EINTR;
    waits.leave();
    const result = await waits.sleep(queues, events, deadline);
    if (this.stopped || this.frozen) await waits.hold();
    waits.return();
    return this.dying || this.signalPending ? -EINTR : result;
  }

  /** Waits for a queue to be woken; only the task's own death ends the wait early. */
  async waitKillable(queue: WaitQueue): Promise<void> {
    if (this.dying) return;
    this.#waits.leave();
    await this.#waits.sleep([queue], -1, Infinity, true);
    this.#waits.return();
  }

  /** Lets other tasks and the host's events run (sched_yield). */
  yield(): Promise<void> {
    return this.pass(nextTurn());
  }

  /**
   * A safe point of the program: waits while the task is stopped or frozen, then runs handlers. True if a call that was interrupted is to
   * be made again (SA_RESTART). The program ends when `dying` is true afterwards.
   */
  async attend(): Promise<boolean> {
    if (this.stopped || this.frozen) {
      this.#waits.leave();
      await this.#waits.hold();
      this.#waits.return();
    }
    return !this.dying && this.signalPending && this.program !== null ? await this.program.deliver() : true;
  }

  /** The program is interrupted while it computes: others run until `turn` has come around, then it attends to what there is. */
  async pass(turn: Promise<void>): Promise<void> {
    this.#waits.overCpu();
    this.#waits.leave();
    await turn;
    this.#waits.return();
    const now = this.kernel.clock.monotonic();
    const until = this.kernel.cgroups.of(this).cpu.throttledUntil(now);
    if (until > now) await this.waitFor([], 0, until);
    await this.attend();
  }

  /** A trap of the program, or the order of whoever hosts the kernel: the signal's default action even for an init. */
  raise(signal: number): void {
    this.signals.force(signal);
  }

  /** It wrote to a pipe that nobody reads (man 7 pipe). */
  sigpipe(): void {
    this.signals.send({ signal: SIGNAL.SIGPIPE, code: SI_KERNEL, pid: this.pid, uid: 0 }, false);
  }

  /** A handler is to be called: ends waits, and tells the program. */
  interrupt(): void {
    this.signalPending = true;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#waits.interrupt();
    this.program?.attention();
  }

  /** Ends by a signal: at its next safe point, or now if nobody runs it. */
  die(signal: number): void {
    if (this.dying) return;
    this.dying = true;
    this.exitStatus = signaled(signal);
    this.#waits.release();
    this.#wakeUp();
    if (!this.driven) this.exit(this.exitStatus);
  }

  /** Stops (SIGSTOP and the like). */
  stop(signal: number): void {
    if (this.stopped) return;
    this.stopped = true;
    this.stopStatus = signal << 8 | 0x7f;
    this.continued = false;
    this.program?.attention();
    notifyStopOrContinue(this, signal);
  }

  /** Goes on after a stop (SIGCONT). */
  resume(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.stopStatus = 0;
    this.continued = true;
    if (!this.frozen) this.#waits.release();
    notifyStopOrContinue(this, SIGNAL.SIGCONT);
    this.signals.recalculate();
  }

  /** Holds the task at its next wait or safe point; only SIGKILL gets through. */
  freeze(): void {
    this.frozen = true;
    this.program?.attention();
  }

  /** Lets it go on. */
  thaw(): void {
    this.frozen = false;
    if (this.stopped) return;
    this.#waits.release();
    this.signals.recalculate();
  }

  /** Calls `f` when the task ends: before its files are closed. */
  atExit(f: () => void): void {
    (this.#atExit ??= []).push(f);
  }

  /** The end: gives back what it held and tells who waits. Nothing if it has ended already. */
  exit(status: number): void {
    if (this.isZombie || this.exiting) return;
    this.exiting = true;
    this.exitStatus = status;
    this.dying = true;
    this.#waits.end();
    for (const f of this.#atExit?.splice(0) ?? []) f();
    exitTask(this);
    this.#leaveMounts(this.nsproxy.mnt);
  }
  /** The wait status, when the task has ended. */
  ended(): Promise<number> {
    if (this.isZombie) return Promise.resolve(this.exitStatus!);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        wake: () => {
          this.exitQueue.remove(waiter);
          resolve(this.exitStatus!);
        },
      };
      this.exitQueue.add(waiter);
    });
  }
}
