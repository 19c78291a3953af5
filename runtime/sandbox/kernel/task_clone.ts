/** New tasks (man 2 clone, man 2 fork). @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import {
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_PARENT,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
} from "../../abi/linux/clone.ts";
import { SIGMAX, SIGNAL } from "../../abi/linux/signal.ts";
import { copyNamespaces, NAMESPACE_FLAGS } from "./namespace_copy.ts";
import { inherited } from "./scheduling.ts";
import { mayFork } from "./process_limit.ts";
import { Task } from "./task.ts";
import { UserNamespace } from "./user_namespace.ts";

/** Arguments of clone3(2) that mean something here; memory and stacks are the personality's. */
export interface CloneArgs {
  /** CLONE_*. */
  readonly flags: number;
  /** Signal for the parent at the end; SIGCHLD by default. */
  readonly exitSignal?: number;
  /** Process ids to take, the innermost namespace's first (set_tid). */
  readonly setTid?: readonly number[];
}

/** Flags reach beyond 32 bits. */
const hasFlag = (flags: number, flag: number): boolean => Math.floor(flags / flag) % 2 === 1;

/** What clone3 refuses whatever the caller may do (man 2 clone, ERRORS, EINVAL). */
function invalid(task: Task, { flags, exitSignal = SIGNAL.SIGCHLD, setTid = [] }: CloneArgs): boolean {
  const has = (...each: number[]): boolean => each.every((flag) => hasFlag(flags, flag));
  return exitSignal < 0 || exitSignal > SIGMAX ||
    has(CLONE_THREAD) || has(CLONE_SIGHAND) && !has(CLONE_VM) || // no threads here
    has(CLONE_SIGHAND, CLONE_CLEAR_SIGHAND) ||
    has(CLONE_FS, CLONE_NEWNS) || has(CLONE_FS, CLONE_NEWUSER) ||
    has(CLONE_PARENT) && task.isInit || // with new pid and user namespaces it has been allowed since Linux 3.13
    setTid.length > task.nsproxy.pid.level + 1 + (has(CLONE_NEWPID) ? 1 : 0);
}

/**
 * Makes a child that is like `task` in everything that `flags` do not say. It does not run: the caller gives it a program (execve, or a
 * copy of the guest) and drives it with `runTask`. A negative errno if it cannot be made.
 */
export function clone(task: Task, args: CloneArgs): Task | number {
  const { flags } = args;
  if (invalid(task, args)) return -EINVAL;
  const limited = mayFork(task);
  if (limited < 0) return limited;
  let cred = task.cred;
  if ((flags & CLONE_NEWUSER) !== 0) {
    if (isChrooted(task)) return -EPERM;
    const userNs = UserNamespace.create(cred);
    if (typeof userNs === "number") return userNs;
    cred = cred.entering(userNs);
  }
  const fs = (flags & CLONE_FS) !== 0 ? task.fs : task.fs.copy();
  const copied = copyNamespaces(task.nsproxy, flags & NAMESPACE_FLAGS, cred, fs, task);
  if (typeof copied === "number") return copied;
  const { cgroups } = task.kernel;
  const refused = cgroups.reserve(task);
  if (refused < 0) return refused;
  const id = copied.pid.allocate(args.setTid);
  if (typeof id === "number") {
    cgroups.release(task);
    return id;
  }
  const time = copied.timeForChildren;
  time.frozen = true;
  const nsproxy = time === copied.time ? copied : { ...copied, time };
  const parent = (flags & CLONE_PARENT) !== 0 ? task.parent! : task;
  const files = (flags & CLONE_FILES) !== 0 ? task.files.share() : task.files.clone();
  if (fs === task.fs) fs.share();
  const child = new Task(task.kernel, { ...fs, parent, nsproxy, cred, files, id, fs });
  cgroups.enter(task, child);
  child.atExit(() => cgroups.exit(child));
  child.rlimits = task.rlimits.copy();
  child.exitSignal = (flags & CLONE_PARENT) !== 0 ? task.exitSignal : args.exitSignal ?? SIGNAL.SIGCHLD;
  child.comm = task.comm;
  child.argv = task.argv;
  child.envp = task.envp;
  child.exe = task.exe;
  child.dumpable = task.dumpable;
  child.oomScoreAdj = task.oomScoreAdj;
  child.oomScoreAdjMin = task.oomScoreAdjMin;
  child.seccomp = task.seccomp;
  child.scheduling = inherited(task.scheduling);
  task.signals.copyTo(child.signals);
  if (hasFlag(flags, CLONE_CLEAR_SIGHAND)) child.signals.afterExec();
  return child;
}

/** Is its root another than that of its mount namespace? Then it may not make user namespaces (user_namespaces(7)). */
export function isChrooted(task: Task): boolean {
  const { mount, dentry } = task.mountNs.rootPath;
  return task.root.mount !== mount || task.root.dentry !== dentry;
}

/** vfork(2): waits until `child` has executed another program or has ended. Only death interrupts the wait. */
export async function waitForVfork(task: Task, child: Task): Promise<void> {
  while (!child.hasExecuted && !child.exiting && !task.dying) await task.waitKillable(child.execQueue);
}
