/** An end to a process's time. @module */
import { SIGNAL } from "../abi/linux/signal.ts";
import type { Task } from "../sandbox/kernel/task.ts";

/** How long a process that computes, and so never lets a signal in, has after its time is over. */
const GRACE_MS = 250;

/** Signals that end the process that hosts a busy task as they would end the task: nobody here handles them, and they leave no core. */
const ENDING: ReadonlyMap<number, Deno.Signal> = new Map([
  [SIGNAL.SIGHUP, "SIGHUP"],
  [SIGNAL.SIGINT, "SIGINT"],
  [SIGNAL.SIGTERM, "SIGTERM"],
]);

/**
 * Sends `signal` to the task after `ms` milliseconds. A task that is busy cannot be reached by it: then a watcher on another thread ends
 * this whole process, with the same signal where that does it, and with SIGKILL: nothing less stops running WebAssembly that cannot be
 * interrupted. Returns what calls it off.
 */
export function setDeadline(
  task: Task,
  ms: number,
  signal: number = SIGNAL.SIGKILL,
  interruptible = false,
): () => void {
  const timer = setTimeout(() => task.raise(signal), ms);
  if (interruptible) return () => clearTimeout(timer);
  const gentle = Deno.build.os === "windows" ? undefined : ENDING.get(signal);
  const wait = Math.min(ms + GRACE_MS, 2 ** 31 - 1 - GRACE_MS);
  const kill = (name: Deno.Signal, after: number): string =>
    `setTimeout(() => Deno.kill(${Deno.pid}, "${name}"), ${after});`;
  const source = gentle === undefined
    ? kill("SIGKILL", wait)
    : kill(gentle, wait) + kill("SIGKILL", wait + GRACE_MS);
  const watcher = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, { type: "module" });
  return () => {
    clearTimeout(timer);
    watcher.terminate();
  };
}
