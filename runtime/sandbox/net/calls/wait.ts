/** How a call goes on that would block. @module */
import { EAGAIN, ETIMEDOUT } from "../../../../fs/abi/errno.ts";
import type { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import type { Task } from "../../kernel/task.ts";
import type { SocketFile } from "../socket_file.ts";

export { waits } from "../socket_file.ts";

/** The monotonic time at which a wait of `timeout` milliseconds (SO_RCVTIMEO, SO_SNDTIMEO) ends. */
export function deadlineOf(task: Task, timeout: number): number {
  return timeout === Infinity ? Infinity : task.kernel.clock.monotonic() + timeout;
}

/**
 * Tries, waits for `events` on the socket and tries again, until the answer is another than -EAGAIN, the deadline has passed (-EAGAIN then), or
 * a signal arrives (-EINTR).
 */
export async function retry<T>(
  task: Task,
  file: SocketFile,
  events: number,
  timeout: number,
  again: () => T | number,
  queue: () => WaitQueue = () => file.queue,
): Promise<T | number> {
  const deadline = deadlineOf(task, timeout);
  file.acquire(); // a close by another holder of the table does not pull it away under the wait
  try {
    for (let error = 0;;) {
      const result = again();
      if (result !== -EAGAIN || error === -ETIMEDOUT) return result;
      error = await task.block(queue(), events, deadline);
      if (error < 0 && error !== -ETIMEDOUT) return error;
    }
  } finally {
    file.close();
  }
}

/**
 * Tries until `total` bytes have gone, or a stream ends: `step` moves what follows the first `done` and answers 0 at the end. What has gone
 * before an error counts (MSG_WAITALL of man 2 recv; a send that blocks returns when everything is sent).
 */
export async function retryAll(
  task: Task,
  file: SocketFile,
  events: number,
  timeout: number,
  total: number,
  step: (done: number) => number,
  before = 0,
): Promise<number> {
  let done = before;
  const result = await retry(task, file, events, timeout, () => {
    for (;;) { // the end may have come behind the bytes: only -EAGAIN waits
      const n = step(done);
      if (n < 0) return n;
      done += n;
      if (n === 0 || done >= total) return done;
    }
  });
  return result < 0 && done > 0 ? done : result;
}
