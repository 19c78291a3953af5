/** Whole processes, timed from outside. @module */

/** A command with its arguments. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input is this file. */
  readonly stdin?: string;
}

/** What a process did. */
export interface Timed {
  /** Milliseconds from its start to its end. */
  readonly ms: number;
  /** Most memory it had at a time, MB; undefined where the host does not tell. */
  readonly peakMb: number | undefined;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 240_000;

function peakOf(pid: number): number | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const kb = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    return kb === undefined || kb === "0" ? undefined : Number(kb) / 1024;
  } catch {
    return undefined; // another system, or it has just ended
  }
}

/** Passes a file on to a process's input, as a shell's pipe would. */
async function feed(path: string | undefined, to: WritableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  if (path === undefined) return await to.close();
  const file = await Deno.open(path);
  await file.readable.pipeTo(to).catch(() => {}); // it may end without reading everything
}

/** Counts the bytes of a long output and keeps the beginning. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    if (text.length < 100_000) text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** Runs a process to its end. It is killed when it takes minutes. */
export async function timed({ command, args, env = {}, stdin }: Command): Promise<Timed> {
  const start = performance.now();
  const child = new Deno.Command(command, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let peakMb = peakOf(child.pid);
  const watch = setInterval(() => peakMb = peakOf(child.pid) ?? peakMb, 20);
  const limit = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  const [stdout, stderr, status] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    child.status,
    feed(stdin, child.stdin),
  ]);
  clearInterval(watch);
  clearTimeout(limit);
  return { ms: performance.now() - start, peakMb, code: status.code, stdout, stderr };
}

/** Runs the commands in turn, several rounds, so that a change of the machine's speed meets all of them. The least time of each. */
export async function leastOf(
  commands: readonly (Command | undefined)[],
  rounds: number,
): Promise<(Timed | undefined)[]> {
  const best: (Timed | undefined)[] = commands.map(() => undefined);
  for (let round = 0; round < rounds; round++) {
    for (const [i, command] of commands.entries()) {
      if (command === undefined) continue;
      const result = await timed(command);
      if (result.code !== 0) {
        best[i] = result;
        continue;
      }
      const before = best[i];
      if (before === undefined || (before.code === 0 && result.ms < before.ms)) best[i] = result;
    }
  }
  return best;
}
