/** delete (runtime.md#delete). @module */
import { containerOf, type Context } from "./context.ts";
import { absent, LifecycleError } from "./error.ts";
import { checkId } from "./id.ts";
import { lockedStatus, stateOf } from "./status.ts";
import type { LockedContainer } from "./store.ts";

/** How it is deleted. */
export interface DeleteOptions {
  /** Whatever its state: what runs is killed, what is not there is no error. */
  readonly force?: boolean;
}

async function destroy(context: Context, container: LockedContainer): Promise<void> {
  const known = containerOf(container);
  const hooks = known.record.hooks.includes("poststop") ? (await known.spec()).hooks : undefined;
  await (await context.backend(known.record.backend)).destroy(known);
  const state = stateOf(container, "stopped");
  await container.remove();
  if (hooks === undefined) return;
  const { runPoststop } = await import("./hooks.ts");
  await runPoststop(context.runHook, hooks, state, context.warn);
}

/** Deletes a container that is stopped; one that is not is an error without effect, except by force. */
export async function deleteContainer(
  context: Context,
  id: string,
  options: DeleteOptions = {},
): Promise<void> {
  checkId(id);
  const { force = false } = options;
  const container = await context.store.lock(id);
  if (container === undefined) {
    if (force) return await context.store.sweep();
    throw absent(id);
  }
  try {
    if (force && container.record === undefined) {
      context.warn(`container ${JSON.stringify(id)}: its state is broken: ${container.problem}`);
      return await container.remove();
    }
    const status = lockedStatus(context, container);
    if (status !== "stopped" && !force) {
      throw new LifecycleError(
        `cannot delete container ${JSON.stringify(id)} that is not stopped: ${status}`,
        "state",
      );
    }
    await destroy(context, container);
  } finally {
    container.release();
  }
}
