/** The end of a container on the userland kernel. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { sendSignal, waitForEnd } from "../../../lifecycle/host/processes.ts";
import { removeSockets, socketsOf } from "./socket_directory.ts";

/** How long a killed process may take to end. */
const END_MS = 10_000;

/** Kills the host process, if it lives, and removes what is not in the container's directory. */
export async function destroyInit(container: Container): Promise<void> {
  const { record, directory } = container;
  if (
    record.init !== undefined && sendSignal(record.init, SIGNAL.SIGKILL) &&
    !await waitForEnd(record.init, END_MS)
  ) {
    throw new LifecycleError(
      `deleting container ${JSON.stringify(record.id)}: process ${record.init.pid} does not end`,
      "failed",
    );
  }
  removeSockets(socketsOf(container), directory);
}
