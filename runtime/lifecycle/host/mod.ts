/** The operations on this machine: state directory, processes, hooks. @module */
import type { Backend } from "../backend.ts";
import type { Context } from "../context.ts";
import { hostProcesses } from "./processes.ts";
import { StateDirectory } from "./state_directory.ts";

/** Operations on containers below `root`. */
export function hostContext(
  root: string,
  backend: (name: string) => Promise<Backend>,
  log: Pick<Context, "warn" | "note">,
): Context {
  return {
    store: new StateDirectory(root),
    processes: hostProcesses,
    backend,
    runHook: async (hook, stdin) => (await import("./hook_process.ts")).runHookProcess(hook, stdin),
    warn: log.warn,
    note: log.note,
  };
}
