/** pause and resume: the whole host process stops and goes on, whatever its programs do (man 7 signal, SIGSTOP). @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { sendSignal } from "../../../lifecycle/host/processes.ts";

function send(container: Container, signal: number, what: string): Promise<void> {
  const { id, init } = container.record;
  if (Deno.build.os === "windows") {
    throw new LifecycleError(
      `${what} container ${JSON.stringify(id)}: Windows cannot stop processes`,
      "unsupported",
    );
  }
  if (!sendSignal(init!, signal)) {
    throw new LifecycleError(`container ${JSON.stringify(id)}: container not running`, "state");
  }
  return Promise.resolve();
}

/** Stops a container. */
export const pauseInit = (container: Container): Promise<void> => send(container, SIGNAL.SIGSTOP, "pausing");
/** Lets it go on. */
export const resumeInit = (container: Container): Promise<void> =>
  send(container, SIGNAL.SIGCONT, "resuming");
