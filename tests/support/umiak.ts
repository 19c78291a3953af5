/** Running umiak as its users do: as a process. @module */

const ROOT = new URL("../../", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");

/** Path of a file of the repository. */
export function repositoryFile(path: string): string {
  return `${ROOT}${path}`;
}

/** What a process did. */
export interface Outcome {
  /** Exit code; 128 + the signal that ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How it is run. */
export interface UmiakOptions {
  /** Standard input; empty by default. */
  readonly stdin?: string | Uint8Array;
  /** Environment variables added to the test's own. */
  readonly env?: Record<string, string>;
  /** Working directory. */
  readonly cwd?: string;
}

/** Arguments for deno that run umiak's command line. */
export function umiakArgs(args: readonly string[]): string[] {
  return [
    "run",
    "--quiet",
    "--allow-all",
    "--no-check",
    "--no-lock",
    "--config",
    `${ROOT}deno.json`,
    `${ROOT}cli/main.ts`,
    ...args,
  ];
}

/** Runs `umiak ARGS` to its end. */
export async function umiak(args: readonly string[], options: UmiakOptions = {}): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: umiakArgs(args),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).spawn();
  const input = options.stdin ?? "";
  const feed = (async () => {
    const writer = child.stdin.getWriter();
    try {
      await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
      await writer.close();
    } catch {
      // It ended without reading everything, as head(1) does.
    }
  })();
  const { code, stdout, stderr } = await child.output();
  await feed;
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs `f` with a directory that is gone afterwards. */
export async function withDirectory<T>(f: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempDir({ prefix: "umiak-test-" });
  try {
    return await f(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}
