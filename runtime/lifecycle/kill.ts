/** kill (runtime.md#kill). @module */
import { SIGMAX, SIGNAL } from "../abi/linux/signal.ts";
import { containerOf, type Context, readContainer } from "./context.ts";
import { LifecycleError } from "./error.ts";
import { statusOf } from "./status.ts";

/** Sends a signal to the process of a container that is created or running (or paused); anything else is an error without effect. */
export async function kill(context: Context, id: string, signal: number, all = false): Promise<void> {
  if (!Number.isInteger(signal) || signal < 1 || signal > SIGMAX) {
    throw new LifecycleError(`killing container ${JSON.stringify(id)}: ${signal} is no signal`, "invalid");
  }
  const entry = readContainer(context, id);
  const status = await statusOf(context, entry);
  if (status === "stopped" || status === "creating") {
    throw new LifecycleError(
      `container ${JSON.stringify(id)}: container not running: it is ${status}`,
      "state",
    );
  }
  const known = containerOf(entry);
  await (await context.backend(known.record.backend)).kill(known, signal, all);
  if (signal !== SIGNAL.SIGKILL) return;
  try {
    entry.mark("killed");
  } catch {
    // It has been deleted meanwhile.
  }
}
