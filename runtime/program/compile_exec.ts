/** The program of a process that exec starts in a container: its root, mounts and namespaces are there already. @module */
import type { Process, Seccomp } from "../spec/types.ts";
import { ProgramBuilder } from "./builder.ts";
import { compileExec, compileIdentity } from "./compile_process.ts";
import { compileSeccomp } from "./compile_seccomp.ts";
import { compileTerminal } from "./compile_terminal.ts";
import type { SyscallProgram } from "./types.ts";

/** Compiles a process, which the container's filter is for, too. */
export function compileProcess(process: Process, filter?: Seccomp): SyscallProgram {
  const b = new ProgramBuilder();
  b.call("umask", [0], "clearing the umask");
  b.call("setsid", [], "beginning a session");
  compileTerminal(b, process, false);
  compileIdentity(b, process, filter);
  if (process.noNewPrivileges) compileSeccomp(b, filter);
  compileExec(b, process);
  return { cloneFlags: 0, init: b.steps };
}
