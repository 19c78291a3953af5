/** Signals for the processes of a container on the userland kernel. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { sendSignal } from "../../../lifecycle/host/processes.ts";
import { isMember } from "./socket_directory.ts";
import { connectTo } from "./sockets.ts";

/** Signals that the host's own process takes: no program can handle them, and they work whatever it is doing. */
const OF_THE_HOST: readonly number[] = [SIGNAL.SIGKILL, SIGNAL.SIGSTOP, SIGNAL.SIGCONT];

/** Sends a signal: to the host process where that is enough, else through it to the program. */
export async function killInit(container: Container, signal: number, all: boolean): Promise<void> {
  const { id, init } = container.record;
  // The process of a pod's member has no programs: it can only end for them.
  const ofTheHost = isMember(container) ? signal === SIGNAL.SIGKILL : OF_THE_HOST.includes(signal);
  if (ofTheHost || Deno.build.os === "windows") {
    if (!sendSignal(init!, signal)) {
      throw new LifecycleError(`container ${JSON.stringify(id)}: container not running`, "state");
    }
    return;
  }
  const socket = await connectTo(container);
  // Nobody answers: a program that computes is told when it stops to do so.
  await socket.message({ op: "signal", signal, all });
  await socket.close();
}
