/** What processes cost on the userland kernel: fork, pipes, memory. @module */
import { execve } from "../runtime/sandbox/kernel/execve.ts";
import { clone } from "../runtime/sandbox/kernel/task_clone.ts";
import { runTask } from "../runtime/sandbox/kernel/task_run.ts";
import { makePipe } from "../fs/vfs/mod.ts";
import type { OpenFile } from "../fs/vfs/open_file.ts";
import { GuestKernel } from "../tests/support/guests.ts";
import { repositoryFile } from "../tests/support/umiak.ts";
import type { WasmProgram } from "../runtime/sandbox/exec/wasm_program.ts";
import { containerMs } from "./lifecycle.ts";
import type { Table } from "./table.ts";

/** A fork in @wasmer/sdk, as its users have measured it. */
const WASMER_FORK_MS = 22;
const CHILDREN = 1000;

const guest = (name: string): Promise<Uint8Array> =>
  Deno.readFile(repositoryFile(`bench/guest/${name}.wasm`));

/** The number behind a measure in a guest's output. */
const figure = (text: string): number => Number(/ ([\d.]+)\n/.exec(text)?.[1]);

async function forkMs(megabytes: number): Promise<number> {
  await using guests = new GuestKernel({ files: { "/forks": await guest("forks") } });
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    const { stdout, stderr } = await guests.run(["/forks", String(megabytes), "200", "0"]);
    if (stderr !== "") throw new Error(stderr);
    best = Math.min(best, figure(stdout) / 1000);
  }
  return best;
}

/** Starts a program of a kernel with given standard streams. */
async function start(
  guests: GuestKernel,
  argv: readonly string[],
  streams: readonly OpenFile[],
): Promise<number> {
  const task = clone(guests.init, { flags: 0 });
  if (typeof task === "number") throw new Error(`clone: errno ${-task}`);
  for (const file of streams) task.files.install(file);
  const image = await execve(task, argv[0]!, argv, []);
  if (typeof image === "number") throw new Error(`execve: errno ${-image}`);
  return runTask(task, image);
}

async function drained(file: OpenFile): Promise<string> {
  const bytes = new Uint8Array(1000);
  const n = file.read(bytes, 0, bytes.length);
  file.close();
  return await Promise.resolve(new TextDecoder().decode(bytes.subarray(0, n)));
}

/** Microseconds of a round trip between two processes of one kernel. */
async function ownRoundTrip(rounds: number): Promise<number> {
  await using guests = new GuestKernel({ files: { "/pingpong": await guest("pingpong") } });
  const [[toB, fromA], [toA, fromB], [err, said]] = [makePipe(), makePipe(), makePipe()];
  await Promise.all([
    start(guests, ["/pingpong", "b", String(rounds)], [toB, fromB]),
    start(guests, ["/pingpong", "a", String(rounds)], [toA, fromA, said]),
  ]);
  return figure(await drained(err));
}

/** The same between two processes of Node with its node:wasi, over FIFOs of the operating system; undefined without Node. */
async function nodeRoundTrip(rounds: number): Promise<number | undefined> {
  const directory = await Deno.makeTempDir();
  try {
    const host = `node --no-warnings ${repositoryFile("bench/hosts/node_wasi.mjs")} ${
      repositoryFile("bench/guest/pingpong.wasm")
    } ${directory}`;
    const script = `mkfifo a b && { ${host} b ${rounds} <a >b & ${host} a ${rounds} >a <b; wait; }`;
    const { stderr } = await new Deno.Command("sh", { args: ["-c", script], cwd: directory }).output();
    const us = figure(new TextDecoder().decode(stderr));
    return Number.isNaN(us) ? undefined : us;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Kilobytes that this process holds. */
const resident = async (): Promise<number> =>
  Number(/^VmRSS:\s+(\d+)/m.exec(await Deno.readTextFile("/proc/self/status"))?.[1]);

/** Kilobytes a waiting process has beside its guest memory; undefined where the host does not tell. */
async function kilobytesEach(): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  await using guests = new GuestKernel({ files: { "/forks": await guest("forks") } });
  const [[input, go], [, out], [, err]] = [makePipe(), makePipe(), makePipe()];
  const ended = start(guests, ["/forks", "0", "1", String(CHILDREN)], [input, out, err]);
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
  const before = await resident();
  const parent = [...guests.init.children][0]!;
  while (parent.children.size < CHILDREN) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 500));
  collect();
  const after = await resident();
  // Fork has copied all of it but the room for a saved stack, of which only the beginning is ever touched.
  const guestMemory = (parent.program as WasmProgram).process.memory.size / 1024 - 1024 + 4;
  go.close();
  await ended;
  return (after - before) / CHILDREN - guestMemory;
}

/** The same in a process of its own, which has no memory to spare from before. */
async function kilobytesInFresh(): Promise<number | undefined> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      "--config",
      repositoryFile("deno.json"),
      import.meta.filename!,
    ],
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  return text === "" ? undefined : Number(text);
}

const shown = (value: number | undefined): string => value === undefined ? "—" : value.toPrecision(3);

/** Fork and wait, round trips, memory. */
export async function processesBench(): Promise<Table[]> {
  const kilobytes = await kilobytesInFresh();
  const forks: [number, number][] = [];
  for (const mb of [0, 1, 10]) forks.push([mb, await forkMs(mb)]);
  let own = Infinity;
  for (let i = 0; i < 5; i++) own = Math.min(own, await ownRoundTrip(20_000));
  const node = await nodeRoundTrip(20_000);
  const container = await containerMs();
  return [{
    title: "Processes of one container",
    columns: ["", "umiak", "peer", "peer / umiak"],
    rows: [
      ...forks.map(([mb, ms]) => [
        `fork, exit and wait, ${mb} MB of data, ms`,
        shown(ms),
        mb === 0 ? `@wasmer/sdk ${WASMER_FORK_MS}` : "—",
        mb === 0 ? `${shown(WASMER_FORK_MS / ms)}×` : "—",
      ]),
      [
        "round trip of a byte over two pipes, µs",
        shown(own),
        node === undefined ? "—" : `two node:wasi ${shown(node)}`,
        node === undefined ? "—" : `${shown(node / own)}×`,
      ],
      [`each of ${CHILDREN} waiting processes, beside its memory, kB`, shown(kilobytes), "—", "—"],
      ["a container in this process, created, started, ended and deleted, ms", shown(container), "—", "—"],
    ],
    notes: ["A fork copies the guest's memory into a new instance of its module and rewinds both stacks."],
  }];
}

if (import.meta.main) console.log(await kilobytesEach() ?? "");
