/** Operations on running containers beside those of the specification: exec, ps, events, update. @module */
import type { Status } from "../spec/state.ts";
import type { Process, Resources } from "../spec/types.ts";
import { capabilityWarnings } from "../spec/warnings.ts";
import type { Backend, Container, ExecOptions, ExecProcess, Stats } from "./backend.ts";
import { checkStreams, containerOf, type Context, readContainer } from "./context.ts";
import { LifecycleError } from "./error.ts";
import { statusOf } from "./status.ts";

async function living(
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

/** Starts another process in a container. */
export async function exec(
  context: Context,
  id: string,
  process: Process,
  options: ExecOptions,
): Promise<ExecProcess> {
  const allowed: Status[] = options.ignorePaused ? ["created", "running", "paused"] : ["created", "running"];
  const [backend, container] = await living(context, id, "exec in", allowed);
  checkStreams(backend, options, `exec in container ${JSON.stringify(id)}`);
  for (const warning of capabilityWarnings(process)) context.warn(warning);
  return await backend.exec(container, process, { ...options, warn: context.warn });
}

/** Ids that the host has for a container's processes. */
export async function processes(context: Context, id: string): Promise<number[]> {
  const [backend, container] = await living(context, id, "list the processes of");
  return await backend.processes(container);
}

/** What a container uses. */
export async function stats(context: Context, id: string): Promise<Stats> {
  const [backend, container] = await living(context, id, "measure");
  return await backend.stats(container);
}

/** Changes the limits of a container. */
export async function update(context: Context, id: string, resources: Resources): Promise<void> {
  const [backend, container] = await living(context, id, "update");
  await backend.update(container, resources);
}
