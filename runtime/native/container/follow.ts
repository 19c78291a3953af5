/** Following a child to its end, and what it writes to a descriptor meanwhile. What it has started may hold that open, and is not waited for. @module */
import type { Descriptor } from "../ffi/descriptors.ts";
import { sys, sysBlocking } from "../ffi/kernel.ts";
import { waitFor } from "../ffi/wait.ts";

const POLLIN = 1, CHUNK = 64 * 1024;
/** struct pollfd: a descriptor, 16 bits of what is waited for, 16 bits of what is there. */
const POLLFD = 8, REVENTS = 6;

/** Calls `take` with what can be read from `output` until the child has ended and there is no more. The child's wait status. */
export async function follow(
  pidfd: Descriptor,
  output: Descriptor,
  take: (bytes: Uint8Array) => void | Promise<void>,
): Promise<number> {
  const poll = new Uint8Array(2 * POLLFD), view = new DataView(poll.buffer), chunk = new Uint8Array(CHUNK);
  let watched = output.fd;
  for (;;) {
    [pidfd.fd, watched].forEach((fd, i) => {
      view.setInt32(POLLFD * i, fd, true);
      view.setUint32(POLLFD * i + 4, POLLIN, true);
    });
    await sysBlocking("ppoll", poll, 2, 0, 0, 0);
    const ended = view.getUint16(REVENTS, true) !== 0;
    if (view.getUint16(POLLFD + REVENTS, true) !== 0) {
      const n = sys("read", output.fd, chunk, chunk.length);
      // Of a terminal's master: EIO when nobody has it open any more.
      if (n <= 0) watched = -1;
      else await take(chunk.slice(0, n));
    } else if (ended) return await waitFor(pidfd.fd);
  }
}
