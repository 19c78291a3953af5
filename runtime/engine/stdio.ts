/** Standard streams of a foreground container. @module */
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

/** True if the host's standard input is a file, from which a read never waits. */
function stdinIsFile(): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    return Deno.statSync("/dev/stdin").isFile;
  } catch {
    return false;
  }
}

function hostStdin(): ByteSource {
  const read = (into: Uint8Array): Promise<number | null> => Deno.stdin.read(into);
  return stdinIsFile() ? { read, readSync: (into) => Deno.stdin.readSync(into) } : { read };
}

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
