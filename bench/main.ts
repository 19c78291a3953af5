/**
 * `deno task bench [NAME...] [--write]`: umiak beside other hosts, in one run, in ratios. Names: start, calls, files, stream, cat, python,
 * compute, images, interrupt, processes, sockets, native. `--write` puts the tables into docs/BENCHMARKS.md. The modules are built copies;
 * Lua and SQLite are built by bench/build_sources.sh. Bundle first: what is measured is what `bin/umiak` starts.
 * @module
 */
import { repositoryFile } from "../tests/support/umiak.ts";
import {
  callsBench,
  catBench,
  computeBench,
  filesBench,
  pythonBench,
  type Setting,
  startBench,
  streamBench,
} from "./guests.ts";
import { peers } from "./hosts.ts";
import { markdown, plainText, type Table } from "./table.ts";

type Bench = (setting: Setting) => Promise<Table | readonly Table[] | undefined>;

const BENCHES: Readonly<Record<string, Bench>> = {
  start: startBench,
  calls: callsBench,
  files: async (setting) => [await filesBench(setting, 2000), await filesBench(setting, 20_000)],
  stream: streamBench,
  cat: catBench,
  python: pythonBench,
  compute: computeBench,
  images: async () => await (await import("./images.ts")).imagesBench(),
  interrupt: async () => await (await import("./interrupt.ts")).interruptBench(),
  processes: async () => await (await import("./processes.ts")).processesBench(),
  sockets: async () => await (await import("./sockets.ts")).socketsBench(),
  native: async () => await (await import("./native.ts")).nativeBench(),
};

/** The tables of this run in place of those that the document had. */
async function write(name: string, tables: readonly Table[]): Promise<void> {
  const path = repositoryFile("docs/BENCHMARKS.md");
  const begin = `<!-- ${name} -->`, end = `<!-- /${name} -->`;
  const text = await Deno.readTextFile(path);
  const from = text.indexOf(begin), to = text.indexOf(end);
  const { total } = Deno.systemMemoryInfo();
  const machine = `${navigator.hardwareConcurrency} shared cores, ${Math.round(total / 2 ** 30)} GiB`;
  const when = `${new Date().toISOString().slice(0, 10)}, ${Deno.build.os} ${Deno.build.arch}, ${machine}`;
  const section = [begin, `Measured ${when}, Deno ${Deno.version.deno}.`, "", ...tables.map(markdown), end]
    .join("\n");
  const document = from < 0 || to < 0
    ? `${text.trimEnd()}\n\n${section}\n`
    : text.slice(0, from) + section + text.slice(to + end.length);
  await Deno.writeTextFile(path, document);
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  const unknown = wanted.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) {
    console.error(`bench: ${unknown.join(", ")}: there are ${Object.keys(BENCHES).join(", ")}`);
    return 1;
  }
  const bundle = repositoryFile("dist/umiak/main.js");
  const bundled = await Deno.stat(bundle).then(() => true, () => false);
  if (!bundled) console.error("There is no bundle (deno task bundle): the sources are measured.");
  const memory = await Deno.stat("/dev/shm").then((info) => info.isDirectory, () => false);
  const scratch = await Deno.makeTempDir({ prefix: "umiak-bench-", ...memory ? { dir: "/dev/shm" } : {} });
  try {
    const say = (message: string): void => console.error(message);
    const setting: Setting = {
      main: bundled ? bundle : repositoryFile("cli/main.ts"),
      peers: await peers(scratch, say),
      scratch,
    };
    for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
      const result = await BENCHES[name]!(setting);
      if (result === undefined) {
        console.error(`${name} is left out: bench/build_sources.sh has not been run`);
        continue;
      }
      const tables: readonly Table[] = Array.isArray(result) ? result : [result as Table];
      for (const table of tables) console.log(plainText(table));
      if (args.includes("--write") && tables.length > 0) await write(name, tables);
    }
    return 0;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
