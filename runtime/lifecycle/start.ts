/** start (runtime.md#start). @module */
import type { Hooks } from "../spec/hook_types.ts";
import { containerOf, type Context, withContainer } from "./context.ts";
import { LifecycleError } from "./error.ts";
import { lockedStatus, stateOf } from "./status.ts";
import type { LockedContainer } from "./store.ts";
import { undo } from "./undo.ts";

const REASONS: Readonly<Record<string, string>> = {
  creating: "cannot start a container that is being created",
  running: "cannot start an already running container",
  paused: "cannot start a paused container",
  stopped: "cannot start a container that has stopped",
};

async function hooksOf(container: LockedContainer): Promise<Hooks | undefined> {
  const known = containerOf(container);
  return known.record.hooks.length === 0 ? undefined : (await known.spec()).hooks;
}

/** Runs the program of a container that is created; anything else is an error without effect. */
export function start(context: Context, id: string): Promise<void> {
  return withContainer(context, id, async (container) => {
    const status = lockedStatus(context, container);
    const known = containerOf(container);
    if (status !== "created") {
      throw new LifecycleError(`container ${JSON.stringify(id)}: ${REASONS[status]}`, "state");
    }
    // runtime.md#start: an error if process was not set.
    if (!known.record.startable) {
      throw new LifecycleError(
        `container ${JSON.stringify(id)} cannot be started: its config.json has no process`,
        "invalid",
      );
    }
    const hooks = await hooksOf(container);
    try {
      await (await context.backend(known.record.backend)).start(known);
      container.refresh();
      if (hooks !== undefined && hooks.poststart.length > 0) {
        const { runHooks } = await import("./hooks.ts");
        await runHooks(context.runHook, hooks, "poststart", stateOf(container, "running"));
      }
    } catch (error) {
      // Steps 7 and 9: when a hook fails the container is stopped and the lifecycle goes on at step 12.
      if (error instanceof LifecycleError && error.reason === "hook") {
        await undo(context, container, hooks, error);
      }
      throw error;
    }
  });
}
