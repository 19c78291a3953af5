/** Waiting for children (man 2 wait, man 2 wait4). @module */
import { ECHILD, EINTR, EINVAL, ESRCH } from "../../../fs/abi/errno.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { CLD_CONTINUED, CLD_STOPPED, type SigInfo } from "./sigaction.ts";
import type { Task } from "./task.ts";
import { childInfo, releaseTask } from "./task_exit.ts";

/** Do not wait. */
export const WNOHANG = 1;
/** Also children that were stopped (WSTOPPED). */
export const WUNTRACED = 2;
/** Children that have ended (waitid). */
export const WEXITED = 4;
/** Also children that were continued. */
export const WCONTINUED = 8;
/** Leave the child as it is: it can be waited for again. */
export const WNOWAIT = 0x01000000;
/** Children of any kind. */
export const WALL = 0x40000000;
/** Only children whose exit signal is not SIGCHLD. */
export const WCLONE = 0x80000000;

/** waitid: any child. */
export const P_ALL = 0;
/** waitid: the child with an id. */
export const P_PID = 1;
/** waitid: the children of a group. */
export const P_PGID = 2;

/** What was found. */
export interface Waited {
  /** Process id; 0 if nothing has changed and WNOHANG was given. */
  readonly pid: number;
  /** Wait status, as wait(2) gives it. */
  readonly status: number;
  /** As waitid(2) gives it; null with pid 0. */
  readonly info: SigInfo | null;
  /** Milliseconds of CPU the child and its own children had. */
  readonly cpuMs: number;
}

const NOTHING: Waited = { pid: 0, status: 0, info: null, cpuMs: 0 };
const CONTINUED_STATUS = 0xffff;

type Matches = (child: Task) => boolean;

/** Which children a wait is for; a negative errno for arguments that make no sense. */
function selector(task: Task, type: number, id: number, options: number): Matches | number {
  const kind = (options >>> 0 & WALL) !== 0
    ? () => true
    : (child: Task) => (child.exitSignal !== SIGNAL.SIGCHLD) === ((options & WCLONE) !== 0);
  if (type === P_ALL) return kind;
  if (type === P_PID) {
    return id <= 0 ? -EINVAL : (child) => child.id.in(task.pidNs) === id && kind(child);
  }
  if (type !== P_PGID || id < 0) return -EINVAL;
  const group = id === 0 ? task.group : task.pidNs.pids.get(id)?.group ?? null;
  return (child) => child.group === group && kind(child);
}

/** What a child has to tell, taken from it unless WNOWAIT. */
function collect(task: Task, child: Task, options: number): Waited | undefined {
  const keep = (options & WNOWAIT) !== 0;
  const pid = child.id.in(task.pidNs);
  const info = childInfo(child, task);
  const cpuMs = child.cpuTime() + child.childrenCpu;
  if (child.isZombie) {
    if ((options & WEXITED) === 0) return undefined;
    const status = child.exitStatus!;
    if (!keep) releaseTask(child);
    return { pid, status, info, cpuMs };
  }
  if (child.stopStatus !== 0 && (options & WUNTRACED) !== 0) {
    const status = child.stopStatus;
    if (!keep) child.stopStatus = 0;
    return { pid, status, info: { ...info, code: CLD_STOPPED, status: status >>> 8 }, cpuMs };
  }
  if (child.continued && (options & WCONTINUED) !== 0) {
    if (!keep) child.continued = false;
    const continued = { ...info, code: CLD_CONTINUED, status: SIGNAL.SIGCONT };
    return { pid, status: CONTINUED_STATUS, info: continued, cpuMs };
  }
}

function poll(task: Task, matches: Matches, options: number): Waited | number {
  let any = false;
  for (const child of task.children) {
    if (!matches(child)) continue;
    any = true;
    const found = collect(task, child, options);
    if (found !== undefined) return found;
  }
  return any ? NOTHING : -ECHILD;
}

/**
 * waitid(2): WEXITED, WSTOPPED or WCONTINUED must be among the options. A number is a negative errno: -ECHILD, -EINVAL, -EINTR. Answers
 * without a promise when it need not wait.
 */
export function waitid(
  task: Task,
  type: number,
  id: number,
  options: number,
): Waited | number | Promise<Waited | number> {
  if ((options & (WEXITED | WUNTRACED | WCONTINUED)) === 0) return -EINVAL;
  const matches = selector(task, type, id, options);
  if (typeof matches === "number") return matches;
  const found = poll(task, matches, options);
  if (typeof found === "number" || found.pid !== 0 || (options & WNOHANG) !== 0) return found;
  return waiting(task, matches, options);
}

async function waiting(task: Task, matches: Matches, options: number): Promise<Waited | number> {
  for (;;) {
    const error = await task.waitFor([task.childQueue], -1, Infinity);
    const found = poll(task, matches, options);
    if (typeof found === "number" || found.pid !== 0) return task.dying ? -EINTR : found;
    if (error < 0) return error;
  }
}

/** wait4(2): `pid` is a child, 0 (own group), -1 (any), or less (that group). */
export function wait4(
  task: Task,
  pid: number,
  options: number,
): Waited | number | Promise<Waited | number> {
  const known = WNOHANG | WUNTRACED | WCONTINUED | WALL | WCLONE | WNOWAIT;
  if ((options & ~known) !== 0 || (options & WNOWAIT) !== 0) return -EINVAL;
  if (pid === -(2 ** 31)) return -ESRCH;
  const type = pid === -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
  return waitid(task, type, pid === -1 ? 0 : Math.abs(pid), options | WEXITED);
}
