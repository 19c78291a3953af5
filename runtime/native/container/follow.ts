/** Following a child to its end, and what it writes to a descriptor meanwhile. What it has started may hold that open, and is not waited for. @module */
import type { Descriptor } from "../ffi/descriptors.ts";
import { sys } from "../ffi/kernel.ts";
import { awaitAny } from "../ffi/poll.ts";
import { waitFor } from "../ffi/wait.ts";

const CHUNK = 64 * 1024;

/** Calls `take` with what can be read from `output` until the child has ended and there is no more. The child's wait status. */
export async function follow(
  pidfd: Descriptor,
  output: Descriptor,
  take: (bytes: Uint8Array) => void | Promise<void>,
): Promise<number> {
  const chunk = new Uint8Array(CHUNK);
  let more = true;
  for (;;) {
    const ready = await awaitAny(more ? [pidfd.fd, output.fd] : [pidfd.fd]);
    if (ready.includes(output.fd)) {
      const n = sys("read", output.fd, chunk, chunk.length);
      // Of a terminal's master: EIO when nobody has it open any more.
      if (n <= 0) more = false;
      else await take(chunk.slice(0, n));
    } else return await waitFor(pidfd.fd);
  }
}
