/** Containers that have a process. @module */
import type { Status } from "../spec/state.ts";
import type { Backend, Container } from "./backend.ts";
import { containerOf, type Context, readContainer } from "./context.ts";
import { LifecycleError } from "./error.ts";
import { statusOf } from "./status.ts";

/** A container, and what runs it. Throws if it has no process, or if that is not in a state in which it may be asked for `what`. */
export async function living(
  context: Context,
  id: string,
  what: string,
  allowed: readonly Status[] = ["created", "running", "paused"],
): Promise<[Backend, Container]> {
  const entry = readContainer(context, id);
  const status = await statusOf(context, entry);
  if (!allowed.includes(status)) {
    throw new LifecycleError(
      `container ${JSON.stringify(id)}: cannot ${what} a ${status} container`,
      "state",
    );
  }
  const known = containerOf(entry);
  return [await context.backend(known.record.backend), known];
}
