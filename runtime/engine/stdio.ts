/** Standard streams of a foreground container. @module */
import { hostStdin } from "../sandbox/exec/host_stdin.ts";
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
export function openStdio(
  interactive: boolean,
  tty: boolean,
  own: Stdio = {},
): [HostInput, HostOutput, HostOutput] {
  const stdin = own.stdin ?? (interactive ? hostStdin() : EMPTY);
  return [
    new HostInput(stdin, tty && interactive && own.stdin === undefined),
    new HostOutput(own.stdout ?? Deno.stdout, tty && own.stdout === undefined),
    new HostOutput(own.stderr ?? Deno.stderr, tty && own.stderr === undefined),
  ];
}
