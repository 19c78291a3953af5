/** User namespaces of an ordinary user: one id of its own, or what /etc/subuid grants it, by newuidmap(1) and newgidmap(1). @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import type { SyscallProgram } from "../../program/types.ts";
import type { IdMapping, LinuxSpec, Process, Spec } from "../../spec/types.ts";

/** Only the one id that is `own`: an ordinary user may map that without help (man 7 user_namespaces). */
const isOwn = (mappings: readonly IdMapping[], own: number): boolean =>
  mappings.length === 1 && mappings[0]!.size === 1 && mappings[0]!.hostID === own;

/** True if this process is no root: it may not map what it likes. */
export function isRootless(): boolean {
  return Deno.uid() !== 0;
}

/** A configuration whose maps the program leaves to mapIds(). */
export function withoutMaps(spec: Spec): Spec {
  return { ...spec, linux: { ...spec.linux, uidMappings: [], gidMappings: [] } };
}

/** Groups cannot be set where only the own one is mapped. Throws if some are wanted. */
export function withoutGroups(program: SyscallProgram, { linux }: Spec, process: Process): SyscallProgram {
  if (!isRootless() || !isOwn(linux.gidMappings ?? [], Deno.gid()!)) return program;
  if (process.user.additionalGids.length > 0) {
    throw new LifecycleError(
      "process.user.additionalGids: groups cannot be set in a user namespace with only the user's own group",
      "unsupported",
    );
  }
  return { ...program, init: program.init.filter((step) => !("call" in step) || step.call !== "setgroups") };
}

function runTool(tool: string, pid: number, mappings: readonly IdMapping[]): void {
  const numbers = mappings.flatMap(({ containerID, hostID, size }) =>
    [containerID, hostID, size].map(String)
  );
  const doing = `mapping ids with ${tool}`;
  let said: Deno.CommandOutput;
  try {
    said = new Deno.Command(tool, { args: [String(pid), ...numbers], stdin: "null" }).outputSync();
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "it is not on PATH" : (error as Error).message;
    throw new Error(`${doing}: ${why}`, { cause: error });
  }
  if (!said.success) throw new Error(`${doing}: ${new TextDecoder().decode(said.stderr).trim()}`);
}

/** Maps the ids of a new user namespace. */
export function mapIds(pid: number, linux: Pick<LinuxSpec, "uidMappings" | "gidMappings">): void {
  const { uidMappings = [], gidMappings = [] } = linux;
  const write = (name: string, text: string): void => {
    try {
      Deno.writeTextFileSync(`/proc/${pid}/${name}`, text);
    } catch (error) {
      throw new Error(`mapping ids: ${name}: ${(error as Error).message}`, { cause: error });
    }
  };
  const line = (mappings: readonly IdMapping[]): string =>
    mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");
  if (isOwn(uidMappings, Deno.uid()!)) write("uid_map", line(uidMappings));
  else if (uidMappings.length > 0) runTool("newuidmap", pid, uidMappings);
  if (isOwn(gidMappings, Deno.gid()!)) {
    write("setgroups", "deny");
    write("gid_map", line(gidMappings));
  } else if (gidMappings.length > 0) runTool("newgidmap", pid, gidMappings);
}
