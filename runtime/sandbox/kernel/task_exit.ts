/** The end of a task: orphans, zombies, SIGCHLD, the end of a pid namespace (man 2 exit, man 2 wait, man 7 pid_namespaces). @module */
import { SIGNAL } from "../../abi/linux/signal.ts";
import { leaveIpc } from "./ipc_caller.ts";
import type { PidNamespace } from "./pid_namespace.ts";
import { leaveTerminal, type ProcessGroup } from "./session.ts";
import {
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  SI_KERNEL,
  SIG_IGN,
  type SigInfo,
} from "./sigaction.ts";
import type { Task } from "./task.ts";
import { signalTask } from "./task_kill.ts";

const { SIGCHLD, SIGKILL, SIGCONT } = SIGNAL;

/** What SIGCHLD says of a task. */
export function childInfo(task: Task, receiver: Task): SigInfo {
  const status = task.exitStatus ?? 0;
  const killed = (status & 0x7f) !== 0;
  return {
    signal: SIGCHLD,
    code: killed ? CLD_KILLED : CLD_EXITED,
    pid: task.id.in(receiver.pidNs),
    uid: receiver.cred.userNs.uids.shown(task.cred.fields.uid),
    status: killed ? status & 0x7f : status >>> 8,
  };
}

/** Everything after the exit status is known: see Task.exit. */
export function exitTask(task: Task): void {
  leaveIpc(task);
  task.files.release();
  task.fs.release();
  task.execQueue.wake(-1);
  if (task.group.session.pid === task.id) leaveTerminal(task);
  if (task.isInit) {
    const namespace = task.pidNs;
    namespace.dead = true;
    killNamespace(namespace, task);
    if (hasOthers(namespace, task)) {
      // Its end is over when all the others' are: release() comes back here.
      dyingInits.set(namespace, task);
      return;
    }
  }
  finishExit(task);
}

/** Inits that wait for the rest of their namespace. */
const dyingInits: WeakMap<PidNamespace, Task> = new WeakMap();

function hasOthers(namespace: PidNamespace, init: Task): boolean {
  for (const task of namespace.tasks()) if (task !== init) return true;
  return false;
}

/** "If the init process of a PID namespace terminates, the kernel terminates all of the processes in the namespace via SIGKILL" (pid_namespaces(7)). */
function killNamespace(namespace: PidNamespace, init: Task): void {
  for (const task of [...namespace.tasks()]) {
    if (task === init) continue;
    if (task.isZombie) {
      if (task.parent === init) releaseTask(task);
      continue;
    }
    task.signals.send({ signal: SIGKILL, code: SI_KERNEL, pid: 0, uid: 0 }, true);
  }
}

function finishExit(task: Task): void {
  adoptChildren(task);
  task.isZombie = true;
  orphanGroups(task);
  const { parent } = task;
  const reaped = parent === null || !tellParent(task, parent);
  task.exitQueue.wake(-1);
  if (reaped) releaseTask(task);
  parent?.childQueue.wake(-1);
}

/** Sends SIGCHLD (or another signal). False if nobody will wait: the parent ignores SIGCHLD, or asked for no zombies (man 2 wait, NOTES). */
function tellParent(task: Task, parent: Task): boolean {
  if (parent.exiting) return false;
  const { handler, flags } = parent.signals.action(SIGCHLD);
  const unwanted = task.exitSignal === SIGCHLD && (handler === SIG_IGN || (flags & SA_NOCLDWAIT) !== 0);
  if (task.exitSignal !== 0 && !(unwanted && handler === SIG_IGN)) {
    parent.signals.send({ ...childInfo(task, parent), signal: task.exitSignal }, true);
  }
  return !unwanted;
}

/** A stop or a continuation, for the parent (man 2 sigaction, SA_NOCLDSTOP). */
export function notifyStopOrContinue(task: Task, signal: number): void {
  const { parent } = task;
  if (parent === null) return;
  const code = signal === SIGCONT ? CLD_CONTINUED : CLD_STOPPED;
  if ((parent.signals.action(SIGCHLD).flags & SA_NOCLDSTOP) === 0) {
    parent.signals.send({ ...childInfo(task, parent), code, status: signal }, true);
  }
  parent.childQueue.wake(-1);
}

/** Who takes a dying task's children: the nearest subreaper above, or its namespace's init (PR_SET_CHILD_SUBREAPER, pid_namespaces(7)). */
function reaperOf(task: Task): Task | null {
  const { reaper } = task.pidNs;
  if (reaper === task) return task.parent;
  for (let at = task.parent; at !== null && at !== reaper; at = at.parent) {
    if (at.pidNs !== task.pidNs) break;
    if (at.isSubreaper && !at.exiting) return at;
  }
  return reaper;
}

function adoptChildren(task: Task): void {
  if (task.children.size === 0) return;
  const reaper = reaperOf(task);
  for (const child of [...task.children]) {
    task.children.delete(child);
    child.parent = reaper;
    child.exitSignal = SIGCHLD;
    reaper?.children.add(child);
    if (child.parentDeathSignal !== 0 && !child.isZombie) {
      signalTask(task, child, child.parentDeathSignal); // if the parent might
    }
    if (child.isZombie && (reaper === null || !tellParent(child, reaper))) releaseTask(child);
    // The dying task may have been the only one outside of the group who could continue it.
    if (child.group !== task.group && child.group.session === task.group.session) {
      child.group.hangUpIfOrphaned(null);
    }
  }
  reaper?.childQueue.wake(-1);
}

/** Groups that lose the one who could continue them (man 3 exit; POSIX _exit, "Consequences of Process Termination"). */
function orphanGroups(task: Task): void {
  const { group, parent } = task;
  const matters = (other: ProcessGroup | undefined): boolean =>
    other !== undefined && other !== group && other.session === group.session;
  if (matters(parent?.group)) group.hangUpIfOrphaned(task);
}

/** A zombie has been waited for, or nobody will: its id is free. */
export function releaseTask(task: Task): void {
  const { parent, id } = task;
  parent?.children.delete(task);
  if (parent !== null) parent.childrenCpu += task.cpuTime() + task.childrenCpu;
  id.task = null;
  task.group.remove(task);
  id.release();
  for (const at of id.namespace.lineage) {
    const init = dyingInits.get(at);
    if (init === undefined || hasOthers(at, init)) continue;
    dyingInits.delete(at);
    finishExit(init);
  }
}
