/** What is left to do when the life of a container is cut short (runtime.md#lifecycle). @module */
import type { Hooks } from "../spec/hook_types.ts";
import { containerOf, type Context } from "./context.ts";
import { LifecycleError } from "./error.ts";
import { runPoststop } from "./hooks.ts";
import { stateOf } from "./status.ts";
import type { LockedContainer } from "./store.ts";

/** Takes a container back: its resources, its state, and if hooks have failed its poststop hooks (runtime.md#lifecycle, 12 and 13). */
export async function undo(
  context: Context,
  container: LockedContainer,
  hooks: Hooks | undefined,
  error: unknown,
): Promise<void> {
  const known = containerOf(container);
  const stopped = stateOf(container, "stopped");
  await (await context.backend(known.record.backend)).destroy(known);
  await container.remove();
  if (hooks !== undefined && error instanceof LifecycleError && error.reason === "hook") {
    await runPoststop(context.runHook, hooks, stopped, context.warn);
  }
}
