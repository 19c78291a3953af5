/** `umiak-runtime run`. @module */
import { shellStatus } from "../../../runtime/abi/linux/wait_status.ts";
import { loadBackend } from "../../../runtime/engine/backends.ts";
import { forwardSignals } from "../../../runtime/engine/host_process.ts";
import { deleteContainer } from "../../../runtime/lifecycle/delete.ts";
import { kill } from "../../../runtime/lifecycle/kill.ts";
import { start } from "../../../runtime/lifecycle/start.ts";
import type { Parsed } from "../../parser.ts";
import type { Runtime } from "../runtime.ts";
import { createFrom } from "./create.ts";

/** Creates and starts a container; in the foreground passes signals on, waits, and deletes it. The exit code is the program's. */
export async function runCommand(parsed: Parsed, runtime: Runtime): Promise<number> {
  const { context } = runtime, id = parsed.args[0]!;
  const detached = parsed.has("detach");
  const container = await createFrom(parsed, runtime, detached);
  const remove = (): Promise<void> => deleteContainer(context, id, { force: true });
  try {
    await start(context, id);
  } catch (error) {
    await remove();
    throw error;
  }
  if (detached) return 0;
  const stop = forwardSignals((signal) => {
    kill(context, id, signal).catch(() => {}); // it has just ended
  });
  try {
    const backend = await loadBackend(container.record.backend);
    return shellStatus(await backend.wait(container));
  } finally {
    stop();
    if (!parsed.has("keep")) await remove();
  }
}
