/** Jobs for machines of their own: a script, what it finds there, and what comes of it. @module */
import { repositoryFile } from "../support/umiak.ts";

/** What came of a job. */
export interface JobResult {
  /** Its exit code; undefined if the machine ended before it did. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** What the kernel has said. */
  readonly console: string;
}

/** After this long a machine hangs, and is ended. */
export const PATIENCE_MS = 1_200_000;

/** The repository. */
export const repository = repositoryFile("").replace(/\/$/, "");

/** A word of the shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Where Deno keeps modules that it has fetched or compiled. */
export function denoDirectory(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** Where a machine has the job's directory. */
const MOUNTED = "/mnt";

/** Bundles umiak into the job's directory. The runtime, as the machine sees it. */
export async function bundleIn(dir: string): Promise<string> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", repositoryFile("tools/bundle.ts"), `${dir}/out/dist`],
  }).output();
  if (!success) throw new Error(`bundling for a machine: ${new TextDecoder().decode(stderr)}`);
  return `${MOUNTED}/out/dist/runtime/main.js`;
}

/** Writes what the machine's system.sh finds beside it. */
export async function writeJob(
  dir: string,
  job: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const variables = Object.entries({
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    HOME: "/root",
    ...environment,
  });
  await Deno.copyFile(repositoryFile("tests/machines/system.sh"), `${dir}/system.sh`);
  await Deno.writeTextFile(
    `${dir}/environment`,
    variables.map(([name, value]) => `export ${name}=${quoted(value)}\n`).join(""),
  );
  await Deno.writeTextFile(`${dir}/job`, job);
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // the machine did not come so far
  }
}

/** Runs a machine whose job is in `dir`, until it switches itself off. */
export async function runMachine(
  command: string,
  options: Deno.CommandOptions,
  dir: string,
  patienceMs: number,
): Promise<JobResult> {
  const machine = new Deno.Command(command, {
    ...options,
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const timer = setTimeout(() => machine.kill("SIGTERM"), patienceMs);
  const { stdout, stderr } = await machine.output();
  clearTimeout(timer);
  const code = textOf(`${dir}/out/code`).trim(), decoder = new TextDecoder();
  return {
    code: code === "" ? undefined : Number(code),
    stdout: textOf(`${dir}/out/stdout`),
    stderr: textOf(`${dir}/out/stderr`),
    console: decoder.decode(stdout) + decoder.decode(stderr),
  };
}
