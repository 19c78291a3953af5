/** poll(2) on open files: waits until one of them is ready, a deadline passes or a signal ends the wait. @module */
import { EINTR } from "../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP } from "../../../fs/abi/poll.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import type { Task } from "./task.ts";

/** One file to wait for. */
export interface PollEntry {
  /** The file. */
  readonly file: OpenFile;
  /** POLL* events of interest; POLLERR and POLLHUP always are. */
  readonly events: number;
  /** Events that are true: filled in. */
  revents: number;
}

/** Asks every file once; how many have events. */
function scan(entries: readonly PollEntry[]): number {
  let ready = 0;
  for (const entry of entries) {
    entry.revents = entry.file.poll() & (entry.events | POLLERR | POLLHUP);
    if (entry.revents !== 0) ready++;
  }
  return ready;
}

/**
 * Waits until an entry has events, `deadline` (monotonic milliseconds, Infinity for never) has passed, or a signal arrives. The
 * number of entries with events, or -EINTR.
 */
export async function poll(task: Task, entries: readonly PollEntry[], deadline: number): Promise<number> {
  const queues = new Set<WaitQueue>();
  for (const { file } of entries) {
    const queue = file.waitQueue();
    if (queue !== null) queues.add(queue);
  }
  for (;;) {
    const ready = scan(entries);
    if (ready > 0 || task.kernel.clock.monotonic() >= deadline) return ready;
    const woken = await task.waitFor([...queues], -1, deadline);
    if (woken === -EINTR) return woken;
  }
}
