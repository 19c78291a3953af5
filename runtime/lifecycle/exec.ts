/** exec: another process in a running container. @module */
import type { Status } from "../spec/state.ts";
import type { Process } from "../spec/types.ts";
import { capabilityWarnings } from "../spec/warnings.ts";
import type { ExecOptions, ExecProcess } from "./backend.ts";
import { checkStreams, type Context } from "./context.ts";
import { living } from "./living.ts";

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
