/** Signals of a task: dispositions, mask, what is pending, and what happens when one is sent (man 7 signal). @module */
import { EAGAIN, EINVAL } from "../../../fs/abi/errno.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import { defaultAction, SIGMAX, SIGNAL } from "../../abi/linux/signal.ts";
import {
  DEFAULT_ACTION,
  type Delivery,
  SA_NODEFER,
  SA_RESETHAND,
  SI_KERNEL,
  SIG_DFL,
  SIG_IGN,
  type SigAction,
  type SigInfo,
} from "./sigaction.ts";
import { SigSet } from "./sigset.ts";
import type { Task } from "./task.ts";

const { SIGKILL, SIGSTOP, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU } = SIGNAL;
/** First of the signals of which every instance is kept. */
const SIGRTMIN = 32;
/** Cannot be blocked, caught or ignored. */
const KERNEL_ONLY = SigSet.of(SIGKILL, SIGSTOP);
const STOP_SIGNALS = SigSet.of(SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU);
const CONTINUE = SigSet.of(SIGCONT);

/** See the module's comment. */
export class TaskSignals {
  /** What is blocked. */
  blocked: SigSet = SigSet.EMPTY;
  #saved: SigSet | null = null;
  #pending: SigInfo[] = [];
  #actions: Map<number, SigAction> | null = null;

  /** Signals of `task`. */
  constructor(readonly task: Task) {}

  /** The disposition of a signal. */
  action(signal: number): SigAction {
    return this.#actions?.get(signal) ?? DEFAULT_ACTION;
  }

  /** sigaction(2): sets a disposition. */
  setAction(signal: number, action: SigAction): number {
    if (signal < 1 || signal > SIGMAX || KERNEL_ONLY.has(signal)) return -EINVAL;
    (this.#actions ??= new Map()).set(signal, { ...action, mask: action.mask.without(KERNEL_ONLY) });
    const { handler } = action;
    const ignored = handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === "ignore");
    if (ignored) this.#drop(SigSet.of(signal));
    this.recalculate();
    return 0;
  }

  /** sigprocmask(2) with SIG_SETMASK: what was blocked before and is not any more takes effect. */
  setMask(mask: SigSet): void {
    this.blocked = mask.without(KERNEL_ONLY);
    this.recalculate();
  }

  /** What is pending and blocked (sigpending(2)). */
  pending(): SigSet {
    return SigSet.of(...this.#pending.map((info) => info.signal));
  }

  /** Pending instances (SigQ of /proc/PID/status). */
  get queued(): number {
    return this.#pending.length;
  }

  /** Signals with a disposition for which `test` holds, as a set. */
  #which(test: (action: SigAction) => boolean): SigSet {
    return SigSet.of(...[...this.#actions ?? []].filter(([, action]) => test(action)).map(([n]) => n));
  }

  /** Ignored by choice (SigIgn). */
  ignored(): SigSet {
    return this.#which((action) => action.handler === SIG_IGN);
  }

  /** Caught by a handler (SigCgt). */
  caught(): SigSet {
    return this.#which((action) => action.handler !== SIG_IGN && action.handler !== SIG_DFL);
  }

  /**
   * Sends the task a signal. `fromAbove`: the sender is the kernel for its own reasons, or in an ancestor of the task's pid
   * namespace. -EAGAIN when RLIMIT_SIGPENDING does not allow one more real-time signal.
   */
  send(info: SigInfo, fromAbove: boolean): number {
    const { signal } = info;
    const { task } = this;
    if (task.dying) return 0;
    if (signal === SIGCONT) {
      this.#drop(STOP_SIGNALS);
      task.resume();
    } else if (STOP_SIGNALS.has(signal)) this.#drop(CONTINUE);
    const blocked = this.blocked.has(signal);
    if (!blocked && this.#hasNoEffect(signal, fromAbove)) return 0;
    if (signal < SIGRTMIN) {
      if (this.#pending.some((each) => each.signal === signal)) return 0;
    } else if (this.#pending.length >= task.rlimits.get(RLIMIT.RLIMIT_SIGPENDING)!.soft) return -EAGAIN;
    // A task that is held takes it up once it goes on; only SIGKILL gets through.
    if (blocked || (signal !== SIGKILL && (task.stopped || task.frozen))) this.#pending.push(info);
    else this.#act(info);
    return 0;
  }

  /** A signal that the task's own program caused and cannot escape (a trap): blocked or ignored, it has the default action. */
  force(signal: number): void {
    if (this.task.dying) return;
    const { handler } = this.action(signal);
    if (!this.blocked.has(signal) && handler !== SIG_DFL && handler !== SIG_IGN) {
      this.#act({ signal, code: SI_KERNEL, pid: 0, uid: 0 });
      return;
    }
    this.#default(signal);
  }

  /** pid 1 of a namespace gets only what it has a handler for, and SIGKILL and SIGSTOP from above (pid_namespaces(7)). */
  #hasNoEffect(signal: number, fromAbove = false): boolean {
    const { handler } = this.action(signal);
    if (handler === SIG_DFL && this.task.isInit && !(fromAbove && KERNEL_ONLY.has(signal))) return true;
    return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === "ignore");
  }

  #act(info: SigInfo): void {
    const { handler } = this.action(info.signal);
    if (handler === SIG_DFL) this.#default(info.signal);
    else if (handler !== SIG_IGN) {
      this.#pending.push(info);
      this.task.interrupt();
    }
  }

  #default(signal: number): void {
    const action = defaultAction(signal);
    if (action === "terminate" || action === "core") this.task.die(signal);
    // A stop by the terminal makes no sense where nobody can continue it (man 3 exit; POSIX 2.4.3).
    else if (action === "stop" && (signal === SIGSTOP || !this.task.group.isOrphaned())) {
      this.task.stop(signal);
    }
  }

  #drop(set: SigSet): void {
    if (this.#pending.length > 0) this.#pending = this.#pending.filter((each) => !set.has(each.signal));
  }

  /** Lets what is pending and unblocked take effect; leaves those with handlers pending. */
  recalculate(): void {
    const { task } = this;
    if (task.stopped || task.frozen) return;
    let caught = false;
    for (const info of [...this.#pending].sort((a, b) => a.signal - b.signal)) {
      if (this.blocked.has(info.signal)) continue;
      const { handler } = this.action(info.signal);
      if (handler !== SIG_DFL && handler !== SIG_IGN) {
        caught = true;
        continue;
      }
      this.#pending.splice(this.#pending.indexOf(info), 1);
      if (!this.#hasNoEffect(info.signal)) this.#default(info.signal);
      if (task.dying || task.stopped) return;
    }
    if (caught) task.interrupt();
    else task.signalPending = false;
  }

  /** The next signal whose handler is to be called; null when there is none. The mask is the handler's from now on. */
  take(): Delivery | null {
    let found: SigInfo | undefined;
    for (const info of this.#pending) {
      if (!this.blocked.has(info.signal) && (found === undefined || info.signal < found.signal)) found = info;
    }
    if (found === undefined) {
      this.task.signalPending = false;
      if (this.#saved !== null) this.sigreturn(this.#saved);
      return null;
    }
    this.#pending.splice(this.#pending.indexOf(found), 1);
    const action = this.action(found.signal);
    const oldMask = this.#saved ?? this.blocked;
    this.#saved = null;
    const own = (action.flags & SA_NODEFER) === 0 ? SigSet.of(found.signal) : SigSet.EMPTY;
    this.blocked = this.blocked.or(action.mask).or(own).without(KERNEL_ONLY);
    if ((action.flags & SA_RESETHAND) !== 0) this.#actions!.delete(found.signal);
    this.recalculate();
    return { info: found, action, oldMask };
  }

  /** A handler has returned: its mask goes. */
  sigreturn(oldMask: SigSet): void {
    this.#saved = null;
    this.setMask(oldMask);
  }

  /** sigsuspend(2), first half: the mask is `mask` until a handler has run. */
  suspendMask(mask: SigSet): void {
    this.#saved ??= this.blocked;
    this.setMask(mask);
  }

  /** Takes a pending signal of `set` that is blocked, without its handler (sigtimedwait(2)). */
  dequeue(set: SigSet): SigInfo | undefined {
    const found = this.#pending.filter((info) => set.has(info.signal)).sort((a, b) => a.signal - b.signal)[0];
    if (found !== undefined) this.#pending.splice(this.#pending.indexOf(found), 1);
    return found;
  }

  /** What a child has of them: dispositions and mask, nothing pending (man 2 fork). */
  copyTo(child: TaskSignals): void {
    child.blocked = this.blocked;
    if (this.#actions !== null) child.#actions = new Map(this.#actions);
  }

  /** execve: caught signals are back to default, ignored ones stay ignored (man 2 execve). */
  afterExec(): void {
    for (const [signal, action] of this.#actions ?? []) {
      if (action.handler !== SIG_IGN) this.#actions!.delete(signal);
    }
    this.recalculate();
  }
}
