/** Standard streams of a foreground container. @module */
import { hostStdin } from "../sandbox/exec/host_stdin.ts";
import type { Task } from "../sandbox/kernel/task.ts";
import type { ShownTerminal } from "../sandbox/exec/terminal/attach.ts";
import { RunError, type RunOptions } from "./options.ts";
import { type ByteSink, type ByteSource, HostInput, HostOutput } from "../sandbox/exec/host_stream.ts";

/** Streams a caller gives in place of the process's own. */
export interface Stdio {
  /** Standard input; an empty one by default. */
  readonly stdin?: ByteSource;
  /** Standard output. */
  readonly stdout?: ByteSink;
  /** Standard error. */
  readonly stderr?: ByteSink;
}

const EMPTY: ByteSource = { readSync: () => null, read: () => Promise.resolve(null) };

/** The three files of a process. `interactive`: the host's standard input is passed on. */
export function openStdio(interactive: boolean, own: Stdio = {}): [HostInput, HostOutput, HostOutput] {
  const stdin = own.stdin ?? (interactive ? hostStdin() : EMPTY);
  return [
    new HostInput(stdin),
    new HostOutput(own.stdout ?? Deno.stdout),
    new HostOutput(own.stderr ?? Deno.stderr),
  ];
}

/** Files that are there until the process has its terminal in their place. */
export function noStdio(): [HostInput, HostOutput, HostOutput] {
  return openStdio(false);
}

/** A terminal that a container is going to have. */
export interface ContainerTerminal {
  /** It is there: the descriptor of its master. */
  show(task: Task, fd: number): void;
  /** The container has ended, or has not come to be. */
  finish(): Promise<void>;
}

/**
 * The terminal that -t asks for, shown where standard output goes. With -i the keys come from standard input, which must then be a terminal
 * as with docker; without, ^C and the like are for this process.
 */
export async function terminalOf(options: RunOptions, own: Stdio): Promise<ContainerTerminal> {
  const interactive = options.interactive ?? false;
  const raw = interactive && own.stdin === undefined;
  if (raw && !Deno.stdin.isTerminal()) throw new RunError("the input device is not a TTY", 125);
  const { showTerminal } = await import("../sandbox/exec/terminal/attach.ts");
  let shown: ShownTerminal | undefined;
  return {
    show(task, fd) {
      shown = showTerminal(task, fd, {
        source: own.stdin ?? (interactive ? "keyboard" : undefined),
        sink: own.stdout ?? Deno.stdout,
        raw,
        resizes: own.stdout === undefined,
      });
    },
    finish: async () => await shown?.finish(),
  };
}
