/** Sessions, process groups and their controlling terminals (man 2 setsid, man 2 setpgid, man 7 credentials). @module */
import { EACCES, EINVAL, EIO, ENOTTY, EPERM, ESRCH } from "../../../fs/abi/errno.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import type { Pid } from "./pid.ts";
import { SI_KERNEL, SIG_IGN } from "./sigaction.ts";
import type { Task } from "./task.ts";

const { SIGHUP, SIGCONT, SIGTTIN, SIGTTOU } = SIGNAL;

/** A terminal as sessions see it; whoever builds terminals implements it. */
export interface ControllingTerminal {
  /** The session whose terminal it is. */
  session: Session | null;
  /** The group that may read, and that ^C and ^Z are for. */
  foreground: ProcessGroup | null;
  /** TOSTOP is set: writing from the background stops the writer. */
  readonly tostop: boolean;
  /** The line has gone (man 2 vhangup): it is nobody's, the leader and with `all` the foreground are told, open files are at their end. */
  hangUp(all?: boolean): void;
  /** Its device number (makedev). */
  readonly device?: number;
}

/** A session: groups that share a terminal. */
export class Session {
  /** Its groups. */
  readonly groups: Set<ProcessGroup> = new Set();
  /** Its controlling terminal. */
  tty: ControllingTerminal | null = null;

  /** The session of a leader's id. */
  constructor(readonly pid: Pid) {
    pid.session = this;
  }

  /** A group less; the last one takes the session along. */
  remove(group: ProcessGroup): void {
    this.groups.delete(group);
    if (this.groups.size > 0) return;
    this.pid.session = null;
    this.pid.release();
  }
}

/** A process group: a job. */
export class ProcessGroup {
  /** Its tasks. */
  readonly members: Set<Task> = new Set();

  /** The group of an id, in a session. */
  constructor(readonly pid: Pid, readonly session: Session) {
    pid.group = this;
    session.groups.add(this);
  }

  /** A task less; the last one takes the group along. */
  remove(task: Task): void {
    this.members.delete(task);
    if (this.members.size > 0) return;
    if (this.session.tty?.foreground === this) this.session.tty.foreground = null;
    this.pid.group = null;
    this.session.remove(this);
    this.pid.release();
  }

  /**
   * No member has a parent in another group of the session, so nobody would continue it (POSIX 3.264). `without`: as if that
   * task were gone already.
   */
  isOrphaned(without: Task | null = null): boolean {
    for (const task of this.members) {
      const { parent } = task;
      if (task === without || task.isZombie || parent === null || parent.parent === null) continue;
      if (parent.group !== this && parent.group.session === this.session) return false;
    }
    return true;
  }

  /** A signal of the kernel for every member. */
  signal(signal: number): void {
    for (const task of [...this.members]) {
      task.signals.send({ signal, code: SI_KERNEL, pid: 0, uid: 0 }, true);
    }
  }

  /** If it has become orphaned with stopped members: SIGHUP and SIGCONT (man 3 exit, "Process groups"). */
  hangUpIfOrphaned(without: Task | null): void {
    if (!this.isOrphaned(without) || ![...this.members].some((task) => task.stopped)) return;
    this.signal(SIGHUP);
    this.signal(SIGCONT);
  }
}

/** Moves a task to a group. */
export function joinGroup(task: Task, group: ProcessGroup): void {
  const old = task.group as ProcessGroup | undefined;
  if (old === group) return;
  group.members.add(task);
  task.group = group;
  old?.remove(task);
}

/** setsid(2): the new session's id. */
export function setsid(task: Task): number {
  if (task.id.group !== null || task.id.session !== null) return -EPERM;
  joinGroup(task, new ProcessGroup(task.id, new Session(task.id)));
  return task.pid;
}

/** setpgid(2). */
export function setpgid(task: Task, pid: number, pgid: number): number {
  if (pgid < 0) return -EINVAL;
  const target = pid === 0 ? task : task.pidNs.task(pid);
  if (target === undefined) return -ESRCH;
  if (target !== task) {
    if (target.parent !== task) return -ESRCH;
    if (target.group.session !== task.group.session) return -EPERM;
    if (target.hasExecuted) return -EACCES;
  }
  if (target.id.session !== null) return -EPERM; // a session leader
  const id = pgid === 0 ? target.id : task.pidNs.pids.get(pgid);
  if (id === target.id) {
    if (id.group === null) joinGroup(target, new ProcessGroup(id, target.group.session));
    else joinGroup(target, id.group);
    return 0;
  }
  if (id === undefined || id.group === null || id.group.session !== target.group.session) return -EPERM;
  joinGroup(target, id.group);
  return 0;
}

/** getpgid(2): 0 is the caller. */
export function getpgid(task: Task, pid: number): number {
  const target = pid === 0 ? task : task.pidNs.task(pid);
  return target === undefined ? -ESRCH : target.group.pid.in(task.pidNs);
}

/** getsid(2): 0 is the caller. */
export function getsid(task: Task, pid: number): number {
  const target = pid === 0 ? task : task.pidNs.task(pid);
  return target === undefined ? -ESRCH : target.group.session.pid.in(task.pidNs);
}

/** ioctl TIOCSCTTY: makes a terminal the session's. `steal` takes it from another session, with CAP_SYS_ADMIN. */
export function setControllingTerminal(task: Task, tty: ControllingTerminal, steal: boolean): number {
  const { session } = task.group;
  if (session.pid !== task.id) return -EPERM;
  if (session.tty === tty) return 0;
  if (session.tty !== null) return -EPERM;
  if (tty.session !== null) {
    if (!steal || !task.cred.globallyCapable(CAP_SYS_ADMIN)) return -EPERM;
    tty.session.tty = null;
  }
  session.tty = tty;
  tty.session = session;
  tty.foreground = task.group;
  return 0;
}

const CAP_SYS_ADMIN = 21;

/** ioctl TIOCNOTTY: the terminal is nobody's, its foreground gets SIGHUP and SIGCONT. At the end of a session leader it is hung up. */
export function leaveTerminal(task: Task): number {
  const { session } = task.group;
  const { tty } = session;
  if (tty === null) return -ENOTTY;
  if (session.pid !== task.id) return 0;
  if (task.exiting) {
    tty.hangUp(true);
    return 0;
  }
  const { foreground } = tty;
  tty.session = tty.foreground = session.tty = null;
  foreground?.signal(SIGHUP);
  foreground?.signal(SIGCONT);
  return 0;
}

/** ioctl TIOCSPGRP (tcsetpgrp(3)). */
export function setForeground(task: Task, tty: ControllingTerminal, pgid: number): number {
  const { session } = task.group;
  if (session.tty !== tty || tty.session !== session) return -ENOTTY;
  const denied = checkTerminalJob(task, tty, SIGTTOU);
  if (denied < 0) return denied;
  if (pgid < 0) return -EINVAL;
  const group = task.pidNs.pids.get(pgid)?.group;
  if (group === undefined || group === null) return -ESRCH;
  if (group.session !== session) return -EPERM;
  tty.foreground = group;
  return 0;
}

/** ioctl TIOCGPGRP (tcgetpgrp(3)): 0 if no group is in the foreground. */
export function getForeground(task: Task, tty: ControllingTerminal): number {
  return task.group.session.tty === tty ? tty.foreground?.pid.in(task.pidNs) ?? 0 : -ENOTTY;
}

/**
 * May a task of this group use the terminal? 0, or what job control does to the background: with SIGTTIN or SIGTTOU the group is
 * signalled and the call is -ERESTARTSYS, here -EINTR after the stop; -EIO where the group cannot be stopped.
 */
export function checkTerminalJob(task: Task, tty: ControllingTerminal, signal: number): number {
  const { group } = task;
  if (group.session.tty !== tty || tty.foreground === null || tty.foreground === group) return 0;
  const deaf = task.signals.blocked.has(signal) || task.signals.action(signal).handler === SIG_IGN;
  if (deaf) return signal === SIGTTIN ? -EIO : 0;
  if (group.isOrphaned()) return -EIO;
  group.signal(signal);
  return -ERESTARTSYS;
}

/** The call is to be made again after the signal it caused has been dealt with. */
export const ERESTARTSYS = 512;
