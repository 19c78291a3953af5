/** What running containers are asked by those who watch over them: their processes, what they use, other limits. @module */
import type { Resources } from "../spec/types.ts";
import type { Stats } from "./backend.ts";
import type { Context } from "./context.ts";
import { living } from "./living.ts";

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
