/** pause and resume, which the specification leaves to runtimes. @module */
import { containerOf, type Context, withContainer } from "./context.ts";
import { LifecycleError } from "./error.ts";
import { lockedStatus } from "./status.ts";

/** Stops all processes of a container that is created or running where they are. */
export function pause(context: Context, id: string): Promise<void> {
  return withContainer(context, id, async (container) => {
    const status = lockedStatus(context, container);
    if (status !== "running" && status !== "created") {
      throw new LifecycleError(
        `container ${JSON.stringify(id)}: container not running: it is ${status}`,
        "state",
      );
    }
    const known = containerOf(container);
    const backend = await context.backend(known.record.backend);
    container.mark("paused");
    try {
      await backend.pause(known);
    } catch (error) {
      container.unmark("paused");
      throw error;
    }
  });
}

/** Lets the processes of a paused container go on. */
export function resume(context: Context, id: string): Promise<void> {
  return withContainer(context, id, async (container) => {
    const status = lockedStatus(context, container);
    if (status !== "paused") {
      throw new LifecycleError(
        `container ${JSON.stringify(id)}: container not paused: it is ${status}`,
        "state",
      );
    }
    const known = containerOf(container);
    await (await context.backend(known.record.backend)).resume(known);
    container.unmark("paused");
  });
}
