/** Starting the processes of the host that stand for a container's. @module */
import { closeOnExec } from "../../../lifecycle/host/descriptors.ts";
import { hostCommand, hostEnvironment } from "./host_command.ts";

/** How one is started. */
export interface SpawnOptions {
  /** Words before the command: a program that starts it. */
  readonly before?: readonly string[];
  /** Arguments of the process. */
  readonly args: readonly string[];
  /** Path of the terminal that its standard streams and its session get; without one they are this process's. */
  readonly terminal?: string | undefined;
  /** How many descriptors beside the standard ones it inherits. */
  readonly preserveFds?: number;
}

/** Opens the terminal that is named first as all three streams: it becomes that of the session, which has none yet. */
const ON_TERMINAL = ["/bin/sh", "-c", 'terminal=$1; shift; exec "$@" <>"$terminal" >&0 2>&1', "sh"];

/**
 * Starts a process in a session of its own: a ^C at this one's terminal is this one's to pass on. It gets no descriptors but the standard
 * ones and those it is to have, and no environment but what Deno needs.
 */
export function spawnHostProcess(
  { before = [], args, terminal, preserveFds = 0 }: SpawnOptions,
): Deno.ChildProcess {
  const onTerminal = terminal === undefined ? [] : [...ON_TERMINAL, terminal];
  const words = [...onTerminal, ...before, ...hostCommand(), ...args];
  closeOnExec(3 + preserveFds);
  return new Deno.Command(words[0]!, {
    args: words.slice(1),
    env: hostEnvironment(),
    clearEnv: true,
    ...{ stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const,
    detached: true,
  }).spawn();
}
