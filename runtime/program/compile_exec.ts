/** The program of a process that exec starts in a container: its root, mounts and namespaces are there already. @module */
import type { Process } from "../spec/types.ts";
import { ProgramBuilder } from "./builder.ts";
import { compileExec, compileIdentity } from "./compile_process.ts";
import { compileTerminal } from "./compile_terminal.ts";
import type { SyscallProgram } from "./types.ts";

/** Compiles a process. */
export function compileProcess(process: Process): SyscallProgram {
  const b = new ProgramBuilder();
  b.call("umask", [0], "clearing the umask");
  b.call("setsid", [], "beginning a session");
  compileTerminal(b, process, false);
  compileIdentity(b, process);
  compileExec(b, process);
  return { cloneFlags: 0, init: b.steps };
}
