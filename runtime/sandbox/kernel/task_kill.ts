/** Sending signals between tasks (man 2 kill, man 3 sigqueue). @module */
import { EINVAL, EPERM, ESRCH } from "../../../fs/abi/errno.ts";
import { SIGMAX, SIGNAL } from "../../abi/linux/signal.ts";
import { SI_QUEUE, SI_USER, type SigInfo } from "./sigaction.ts";
import type { Task } from "./task.ts";

const CAP_KILL = 5;

/** "The real or effective user ID of the sending process must equal the real or saved set-user-ID of the target", or CAP_KILL there (kill(2)). */
function allowed(sender: Task, target: Task, signal: number): boolean {
  const from = sender.cred.fields, to = target.cred.fields;
  if (from.euid === to.suid || from.euid === to.uid || from.uid === to.suid || from.uid === to.uid) {
    return true;
  }
  if (sender.cred.nsCapable(target.cred.userNs, CAP_KILL)) return true;
  return signal === SIGNAL.SIGCONT && sender.group.session === target.group.session;
}

/** Sends one signal to one task, if the sender may; 0 only asks. */
export function signalTask(sender: Task, target: Task, signal: number, value?: number): number {
  if (signal < 0 || signal > SIGMAX) return -EINVAL;
  if (!allowed(sender, target, signal)) return -EPERM;
  if (signal === 0 || target.isZombie) return 0;
  const pid = sender.id.in(target.pidNs);
  const info: SigInfo = {
    signal,
    code: value === undefined ? SI_USER : SI_QUEUE,
    pid,
    uid: target.cred.userNs.uids.shown(sender.cred.fields.uid),
    ...value === undefined ? {} : { value },
  };
  return target.signals.send(info, pid === 0);
}

/** A signal for several: 0 if one got it, else the last errno; -ESRCH for none. */
function signalAll(sender: Task, targets: Iterable<Task>, signal: number): number {
  let result = -ESRCH, success = false;
  for (const target of [...targets]) {
    result = signalTask(sender, target, signal);
    success ||= result === 0;
  }
  return success ? 0 : result;
}

/** Everything the caller sees but itself and its namespace's init; what it may not signal is passed over. */
function broadcast(sender: Task, signal: number): number {
  let count = 0, result = 0;
  for (const target of [...sender.pidNs.tasks()]) {
    if (target === sender || target.id.in(sender.pidNs) === 1) continue;
    count++;
    const error = signalTask(sender, target, signal);
    if (error !== -EPERM) result = error;
  }
  return count === 0 ? -ESRCH : result;
}

/** kill(2): a process, the own group (0), everything (-1), or the group of the absolute value. */
export function kill(sender: Task, pid: number, signal: number): number {
  if (pid > 0) {
    const target = sender.pidNs.task(pid);
    return target === undefined ? -ESRCH : signalTask(sender, target, signal);
  }
  if (pid === 0) return signalAll(sender, sender.group.members, signal);
  if (pid === -1) return broadcast(sender, signal);
  const group = sender.pidNs.pids.get(-pid)?.group;
  return group === undefined || group === null ? -ESRCH : signalAll(sender, group.members, signal);
}

/** sigqueue(3): with a value. */
export function sigqueue(sender: Task, pid: number, signal: number, value: number): number {
  if (pid <= 0) return -ESRCH;
  const target = sender.pidNs.task(pid);
  return target === undefined ? -ESRCH : signalTask(sender, target, signal, value);
}
