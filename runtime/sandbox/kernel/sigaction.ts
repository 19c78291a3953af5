/** What a task does on a signal, and what is known of one that was sent (man 2 sigaction). @module */
import { SigSet } from "./sigset.ts";

/** Default action. */
export const SIG_DFL = 0;
/** Ignore. */
export const SIG_IGN = 1;

/** No SIGCHLD when children stop or continue. */
export const SA_NOCLDSTOP = 1;
/** Children do not become zombies. */
export const SA_NOCLDWAIT = 2;
/** A call that the handler interrupts is made again. */
export const SA_RESTART = 0x10000000;
/** The signal is not blocked while its handler runs. */
export const SA_NODEFER = 0x40000000;
/** The disposition is SIG_DFL again once the handler is called. */
export const SA_RESETHAND = 0x80000000;

/** One disposition. */
export interface SigAction {
  /** SIG_DFL, SIG_IGN, or what the personality calls its handler (an address, a table index). */
  readonly handler: number;
  /** SA_* flags. */
  readonly flags: number;
  /** Blocked beside the signal itself while the handler runs. */
  readonly mask: SigSet;
}

/** The disposition every signal starts with. */
export const DEFAULT_ACTION: SigAction = { handler: SIG_DFL, flags: 0, mask: SigSet.EMPTY };

/** si_code: sent by kill(2). */
export const SI_USER = 0;
/** si_code: sent by the kernel. */
export const SI_KERNEL = 0x80;
/** si_code: sent by sigqueue(3). */
export const SI_QUEUE = -1;
/** si_code of SIGCHLD: exited. */
export const CLD_EXITED = 1;
/** si_code of SIGCHLD: killed by a signal. */
export const CLD_KILLED = 2;
/** si_code of SIGCHLD: stopped. */
export const CLD_STOPPED = 5;
/** si_code of SIGCHLD: continued. */
export const CLD_CONTINUED = 6;

/** siginfo_t. */
export interface SigInfo {
  /** The signal. */
  readonly signal: number;
  /** SI_* or CLD_*. */
  readonly code: number;
  /** Sender's (or child's) process id in the receiver's namespace; 0 if it is not seen there. */
  readonly pid: number;
  /** Sender's (or child's) real user id, in the receiver's user namespace. */
  readonly uid: number;
  /** Exit code, or signal, of a child. */
  readonly status?: number;
  /** Value of sigqueue(3). */
  readonly value?: number;
}

/** A signal whose handler is to be called. */
export interface Delivery {
  /** What was sent. */
  readonly info: SigInfo;
  /** The disposition it had. */
  readonly action: SigAction;
  /** The mask to give to `sigreturn` once the handler has returned. */
  readonly oldMask: SigSet;
}

/** The personality that runs a task's program, as signals need it. */
export interface Program {
  /** Something is to be attended to (`task.attention` is true): the program should come to a safe point soon. Must not throw. */
  attention(): void;
  /**
   * Runs the handlers of everything that `task.signals.take()` gives, each followed by `task.signals.sigreturn`. True if a call that
   * was interrupted is to be made again: every handler that ran had SA_RESTART.
   */
  deliver(): boolean | Promise<boolean>;
}
