/**
 * pause and resume: the whole host process stops and goes on, whatever its programs do (man 7 signal, SIGSTOP). Of a pod's member only its
 * programs do, by its control group (cgroup.freeze).
 * @module
 */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { sendSignal } from "../../../lifecycle/host/processes.ts";
import { ask } from "./ask.ts";
import { isMember } from "./socket_directory.ts";

/** How long the process that hosts a member may take to answer. */
const ANSWER_MS = 5000;

async function freeze(container: Container, frozen: boolean, what: string): Promise<void> {
  if (await ask(container, { op: "freeze", frozen }, ANSWER_MS) !== undefined) return;
  throw new LifecycleError(
    `${what} container ${
      JSON.stringify(container.record.id)
    }: the process that hosts its pod does not answer`,
    "failed",
  );
}

async function send(container: Container, signal: number, what: string): Promise<void> {
  const { id, init } = container.record;
  if (isMember(container)) return await freeze(container, signal === SIGNAL.SIGSTOP, what);
  if (Deno.build.os === "windows") {
    throw new LifecycleError(
      `${what} container ${JSON.stringify(id)}: Windows cannot stop processes`,
      "unsupported",
    );
  }
  if (!sendSignal(init!, signal)) {
    throw new LifecycleError(`container ${JSON.stringify(id)}: container not running`, "state");
  }
}

/** Stops a container. */
export const pauseInit = (container: Container): Promise<void> => send(container, SIGNAL.SIGSTOP, "pausing");
/** Lets it go on. */
export const resumeInit = (container: Container): Promise<void> =>
  send(container, SIGNAL.SIGCONT, "resuming");
