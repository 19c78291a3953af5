/** An end to a process's time. @module */
import { SIGNAL } from "../abi/linux/signal.ts";
import type { Task } from "../sandbox/kernel/task.ts";

/** How long a process that computes, and so never lets a signal in, has after its time is over. */
const GRACE_MS = 250;

/**
 * Sends `signal` to the task after `ms` milliseconds. A task that is busy cannot be reached by it: then a watcher on another thread kills
 * this whole process with SIGKILL, since nothing less stops running WebAssembly. Returns what calls it off.
 */
export function setDeadline(task: Task, ms: number, signal: number = SIGNAL.SIGKILL): () => void {
  const timer = setTimeout(() => task.raise(signal), ms);
  const source = `setTimeout(() => Deno.kill(${Deno.pid}, "SIGKILL"), ${
    Math.min(ms + GRACE_MS, 2 ** 31 - 1)
  });`;
  const watcher = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, { type: "module" });
  return () => {
    clearTimeout(timer);
    watcher.terminate();
  };
}
