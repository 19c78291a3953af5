/** Signals for the processes of a container. @module */
import type { Container } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { signalCgroups } from "../cgroups/freeze.ts";
import { identify, sendSignal } from "../../lifecycle/host/processes.ts";

/** Sends a signal to the init, or to all processes. */
export async function killInit(container: Container, signal: number, all: boolean): Promise<void> {
  const { id, init } = container.record;
  if (all) {
    if (await signalCgroups(container.directory, signal)) return;
    const { processesOf } = await import("./processes.ts");
    for (const pid of processesOf(container).slice(1)) {
      try {
        sendSignal(identify(pid), signal);
      } catch {
        // It has ended.
      }
    }
  }
  if (!sendSignal(init!, signal)) {
    throw new LifecycleError(`container ${JSON.stringify(id)}: container not running`, "state");
  }
}
