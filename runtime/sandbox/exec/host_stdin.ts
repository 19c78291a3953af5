/** The host's standard input as a source of bytes. @module */
import type { ByteSource } from "./host_stream.ts";

/** True if the host's standard input is a file, from which a read never waits. */
function stdinIsFile(): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    return Deno.statSync("/dev/stdin").isFile;
  } catch {
    return false;
  }
}

/** Standard input of this process. */
export function hostStdin(): ByteSource {
  const read = (into: Uint8Array): Promise<number | null> => Deno.stdin.read(into);
  return stdinIsFile() ? { read, readSync: (into) => Deno.stdin.readSync(into) } : { read };
}
