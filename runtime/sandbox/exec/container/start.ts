/** start on the userland kernel: lets the host process go on. @module */
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { connectTo, failureOf } from "./sockets.ts";

/** Runs startContainer hooks and the program. */
export async function startInit(container: Container): Promise<void> {
  const socket = await connectTo(container);
  try {
    await socket.message({ op: "start" });
    const answer = await socket.receiveMessage();
    const failure = answer === null
      ? new LifecycleError(
        `container ${JSON.stringify(container.record.id)}: its process ended unexpectedly`,
        "start",
      )
      : failureOf(answer);
    if (failure !== undefined) throw failure;
  } finally {
    socket.abort();
  }
}
