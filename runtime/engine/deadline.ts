/** An end to a process's time. @module */
import { SIGNAL } from "../abi/linux/signal.ts";
import { LONGEST_MS, setLongTimeout } from "../lifecycle/long_timeout.ts";
import type { Task } from "../sandbox/kernel/task.ts";

/** How long a process that computes, and so never lets a signal in, has after its time is over. */
const GRACE_MS = 250;

/** Signals that end the process that hosts a busy task as they would end the task: nobody here handles them, and they leave no core. */
const ENDING: ReadonlyMap<number, Deno.Signal> = new Map([
  [SIGNAL.SIGHUP, "SIGHUP"],
  [SIGNAL.SIGINT, "SIGINT"],
  [SIGNAL.SIGTERM, "SIGTERM"],
]);

/** setLongTimeout() as the watcher has it. */
const WATCH = `const wait = (left, name) => setTimeout(
  () => left > ${LONGEST_MS} ? wait(left - ${LONGEST_MS}, name) : Deno.kill(${Deno.pid}, name),
  Math.min(left, ${LONGEST_MS}),
);`;

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
  const callOff = setLongTimeout(() => task.raise(signal), ms);
  if (interruptible) return callOff;
  const gentle = Deno.build.os === "windows" ? undefined : ENDING.get(signal);
  const kill = (name: Deno.Signal, after: number): string => `wait(${after}, "${name}");`;
  const wait = ms + GRACE_MS;
  const source = WATCH +
    (gentle === undefined ? kill("SIGKILL", wait) : kill(gentle, wait) + kill("SIGKILL", wait + GRACE_MS));
  const watcher = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, { type: "module" });
  return () => {
    callOff();
    watcher.terminate();
  };
}
