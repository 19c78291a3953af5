/**
 * Runs containers one after another in this process, of all the kinds of ends there are, and prints as JSON what the process holds after the
 * first hundred and at the end. Arguments: an empty directory to work in, and how many.
 * @module
 */
import { pack, RunError, runImage } from "../../mod.ts";
import { repositoryFile } from "./umiak.ts";

const [directory = "", count = "300"] = Deno.args;
const PROBE = repositoryFile("tests/guests/probe.wasm");
const { gc } = globalThis as { gc?: () => void };

function countFiles(path: string): number {
  let n = 0;
  for (const entry of Deno.readDirSync(path)) {
    n += 1 + (entry.isDirectory ? countFiles(`${path}/${entry.name}`) : 0);
  }
  return n;
}

/** What is held now. Closed files of dead objects are given back first. */
async function held(): Promise<Record<string, number>> {
  for (let i = 0; i < 4; i++) {
    gc!();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return {
    descriptors: Array.from(Deno.readDirSync("/proc/self/fd")).length,
    threads: Array.from(Deno.readDirSync("/proc/self/task")).length,
    maps: Deno.readTextFileSync("/proc/self/maps").split("\n").length,
    files: countFiles(directory),
    memory: rss,
    heap: heapUsed + external,
  };
}

Deno.mkdirSync(`${directory}/bound`);
Deno.writeTextFileSync(`${directory}/bound/file`, "bound");
await pack({
  module: PROBE,
  directory: `${directory}/layout`,
  tag: "v1",
  files: [{ host: `${directory}/bound`, container: "/data" }],
});

let output = 0;
const sink = { writeSync: (bytes: Uint8Array): number => (output += bytes.length, bytes.length) };
const outcomes: Record<string, number> = {};

/** One container: some end well, some by a trap or a signal, some cannot be started. */
async function one(i: number): Promise<string> {
  const kind = i % 7;
  try {
    const code = await runImage({
      image: i % 2 === 0 ? PROBE : `oci:${directory}/layout:v1`,
      args: kind === 3 ? ["abort"] : kind === 4 ? ["sleep", "600000"] : [
        "cat",
        "/bound/file",
        "--",
        "put",
        "/t/x",
        "y",
        "--",
        "ls",
        "/dev",
        "--",
        "cat",
        "/proc/self/mountinfo",
      ],
      mounts: [
        { kind: "bind", source: `${directory}/bound`, target: "/bound", readOnly: i % 3 === 0 },
        { kind: "tmpfs", target: "/t", options: ["size=1m"] },
        ...kind === 2
          ? [{ kind: "bind", source: "/nowhere/at/all", target: "/n", readOnly: true } as const]
          : [],
      ],
      ...kind === 4 ? { timeout: 1 } : {},
      ...kind === 5 ? { user: "nobody" } : {},
      ...kind === 6 ? { entrypoint: ["/nowhere"] } : {},
    }, { stdout: sink, stderr: sink });
    return `exit ${code}`;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return `error ${error.exitCode}`;
  }
}

let early: Record<string, number> = {};
for (let i = 0; i < Number(count); i++) {
  const outcome = await one(i);
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  if (i === 99) early = await held();
}
console.log(JSON.stringify({ early, late: await held(), outcomes, output }));
