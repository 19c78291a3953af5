/** What callers pass on to a process, and what they are told of it. @module */
import type { Parsed } from "../parser.ts";

/** How many descriptors a caller passes on by --preserve-fds. */
export function descriptorsToPass(parsed: Parsed): number {
  const text = parsed.value("preserve-fds") ?? "0";
  if (!/^\d+$/.test(text)) throw parsed.error(`--preserve-fds: ${JSON.stringify(text)} is not a number`);
  return Number(text);
}

/** Writes a process id for the caller, whole or not at all. */
export function writePidFile(path: string, pid: number): void {
  // This process's own name: crypto.randomUUID() would load Deno's cryptography, 5 ms of a create.
  const temporary = `${path}.~${Deno.pid}`;
  try {
    try {
      Deno.removeSync(temporary);
    } catch {
      // Nobody of this number has been killed here.
    }
    Deno.writeTextFileSync(temporary, String(pid), { createNew: true });
    Deno.renameSync(temporary, path);
  } catch (error) {
    throw new Error(`writing the pid file ${path}: ${(error as Error).message}`, { cause: error });
  }
}
