/**
 * The end of a process of the host that a detached create or exec has started. Its status is for whoever inherits it from the one that
 * started it; while that one lives, its event loop would take the status of a child that ends, and nobody would learn it.
 * @module
 */
import type { FrameSocket } from "../container/frames.ts";

/** Resolves when the process at the other end of `socket`, which says nothing more, has ended or has closed it. */
export async function whenLeft(socket: FrameSocket): Promise<void> {
  await socket.receive().catch(() => null);
  socket.abort();
}
