/** Signals from outside for a container's processes. @module */
import { SI_USER, SIG_DFL } from "../../kernel/sigaction.ts";
import type { Task } from "../../kernel/task.ts";

/**
 * Sends a signal from outside the kernel. A program that has said what it does with it does that; to the others its default action happens,
 * even to an init: most of them could not have said anything (preview 1 has no handlers), and an operator's SIGTERM should end them.
 */
export function deliver(task: Task, signal: number): void {
  if (task.exiting || task.isZombie) return;
  if (task.signals.action(signal).handler === SIG_DFL) task.raise(signal);
  else task.signals.send({ signal, code: SI_USER, pid: 0, uid: 0 }, true);
}
