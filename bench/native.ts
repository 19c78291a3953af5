/** Native containers beside those of Debian's crun and runc, on the bundle that `runc spec` writes. @module */
import { V8_FLAGS } from "../cli/runtime/self.ts";
import { fillRootfs, WITH_BUSYBOX } from "../tests/native/busybox.ts";
import { reasonAgainst } from "../tests/support/when.ts";
import { repositoryFile } from "../tests/support/umiak.ts";
import { type Command, leastOf } from "./process.ts";
import type { Table } from "./table.ts";

/** Rounds in which everybody has a turn, and how often each time. */
const ROUNDS = 5, TURNS = 8, CROWD = 100, SETTLE_MS = 2000;
const DENO = ["run", "--quiet", "--no-lock", "--no-check", "--no-config", "--allow-all"];
/** crun 1.8 refuses to run where a hierarchy of version 2 is mounted beside those of version 1. */
const HYBRID = "/sys/fs/cgroup/unified";
const WITHOUT_HYBRID = ["unshare", "-m", "sh", "-c", `umount ${HYBRID} 2>/dev/null; exec "$@"`, "sh"];

/** Milliseconds of one after another, and of all at once. */
interface Times {
  readonly each: number[];
  readonly all: number;
}

/** Namespaces and cgroups of containers that have ended are taken down by the kernel afterwards: nobody's turn begins while it does. */
const settle = (): Promise<void> => new Promise((go) => setTimeout(go, SETTLE_MS));

async function outputOf([command = "", ...args]: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args], stdin: "null" })
    .output();
  const [said, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`bench: ${command} ${args.join(" ")}: ${error}`);
  return said!;
}

/** A script of this repository that prints Times. */
async function timesOf(before: readonly string[], name: string, args: readonly string[]): Promise<Times> {
  await settle();
  const script = ["run", "--quiet", "-A", "--no-lock", "--no-check", "--config", repositoryFile("deno.json")];
  return JSON.parse(
    await outputOf([
      ...before,
      Deno.execPath(),
      ...script,
      repositoryFile(`bench/native/${name}.ts`),
      ...args,
    ]),
  );
}

/** The bundle of `runc spec`, whose process does nothing. */
async function makeBundle(path: string): Promise<void> {
  await Deno.mkdir(path);
  fillRootfs(`${path}/rootfs`);
  await outputOf(["runc", "spec", "--bundle", path]);
  const config = JSON.parse(await Deno.readTextFile(`${path}/config.json`));
  config.process.terminal = false;
  config.process.args = ["/bin/true"];
  await Deno.writeTextFile(`${path}/config.json`, JSON.stringify(config));
}

/** Resident memory of the process that waits after create, kB. */
async function waitingKb(
  runtime: readonly string[],
  before: readonly string[],
  bundle: string,
): Promise<number> {
  const words = [...before, ...runtime];
  // The process keeps the streams of its create.
  const script =
    `"$@" create --bundle '${bundle}' --pid-file '${bundle}/pid' waiting >/dev/null 2>&1 </dev/null`;
  await outputOf(["sh", "-c", script, "sh", ...words]);
  const status = await Deno.readTextFile(`/proc/${await Deno.readTextFile(`${bundle}/pid`)}/status`);
  await outputOf([...words, "delete", "--force", "waiting"]);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

const least = (values: readonly number[]): number => Math.min(...values);
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const ms = (value: number): string => value >= 100 ? value.toFixed(0) : value.toPrecision(3);
const ratio = (own: number, other: number): string => `${(other / own).toFixed(2)}×`;

/** Whole lives: this process, whole processes, many at once. */
async function livesTable(scratch: string, bundle: string, own: readonly string[]): Promise<Table> {
  const state = (name: string): string => `${scratch}/${name}`;
  const run = (name: string): string[] => [name, "--root", state(name), "run", "--bundle", bundle, "@ID"];
  const turn = (before: readonly string[], words: readonly string[], crowd: number): Promise<Times> =>
    timesOf(before, "runs", [String(TURNS), String(crowd), ...words]);
  const all: Record<"inside" | "crun" | "runc" | "own", Times[]> = {
    inside: [],
    crun: [],
    runc: [],
    own: [],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const crowd = round < 3 ? CROWD : 0;
    all.inside.push(await timesOf([], "lives", [state("inside"), bundle, String(TURNS * 4), String(crowd)]));
    all.crun.push(await turn(WITHOUT_HYBRID, run("crun"), crowd));
    all.runc.push(await turn([], run("runc"), 0));
    all.own.push(await turn([], [...own, "--root", state("own"), "run", "--bundle", bundle, "@ID"], 0));
  }
  const each = (name: keyof typeof all): number[] => all[name].flatMap((times) => times.each);
  const crowd = (name: keyof typeof all): number =>
    least(all[name].map((times) => times.all).filter((value) => value > 1));
  const [kb, crunKb, runcKb] = [
    await waitingKb([...own, "--root", state("own")], [], bundle),
    await waitingKb(["crun", "--root", state("crun")], WITHOUT_HYBRID, bundle),
    await waitingKb(["runc", "--root", state("runc")], [], bundle),
  ];
  const row = (what: string, name: "inside" | "own", of: (values: number[]) => number): string[] => {
    const value = of(each(name)), crun = of(each("crun")), runc = of(each("runc"));
    return [what, ms(value), ms(crun), ms(runc), ratio(value, crun), ratio(value, runc)];
  };
  const many = crowd("inside"), crunMany = crowd("crun");
  return {
    title: "Native containers: /bin/true from create to delete, with cgroups",
    columns: ["", "umiak", "crun", "runc", "crun / umiak", "runc / umiak"],
    rows: [
      row("in one process, each of many, least, ms", "inside", least),
      row("the same, median, ms", "inside", middle),
      row("umiak-runtime run, whole process, least, ms", "own", least),
      row("the same, median, ms", "own", middle),
      [`${CROWD} at once, ms`, ms(many), ms(crunMany), "—", ratio(many, crunMany), "—"],
      [
        "resident memory of the init that waits, kB",
        String(kb),
        String(crunKb),
        String(runcKb),
        ratio(kb, crunKb),
        ratio(kb, runcKb),
      ],
    ],
    notes: [
      "crun and runc are whole processes of `run` each time; at once they are started by `xargs -P 8`, umiak's by one process.",
      "crun refuses hybrid cgroups: it runs where that of version 2 is not mounted, and makes one cgroup less.",
    ],
  };
}

/** Each verb of the command line beside a Deno that does nothing. */
async function verbsTable(scratch: string, bundle: string, own: readonly string[]): Promise<Table> {
  const empty = `${scratch}/empty.js`, root = `${scratch}/verbs`;
  await Deno.writeTextFile(empty, "");
  const call = (...args: string[]): Command => {
    const [command = "", ...words] = [...own, "--root", root, ...args];
    return { command, args: words };
  };
  const best = new Map<string, number>(), nothing: number[] = [];
  const ROUNDS = 12;
  const waiting = (id: string): Promise<string> =>
    outputOf([
      "sh",
      "-c",
      `"$@" >/dev/null 2>&1 </dev/null`,
      "sh",
      ...own,
      "--root",
      root,
      "create",
      "--bundle",
      bundle,
      id,
    ]);
  const sleeper = `${scratch}/sleeper`;
  await Deno.mkdir(sleeper);
  await Deno.symlink(`${bundle}/rootfs`, `${sleeper}/rootfs`);
  const config = JSON.parse(await Deno.readTextFile(`${bundle}/config.json`));
  config.process.args = ["/bin/sleep", "100000"];
  await Deno.writeTextFile(`${sleeper}/config.json`, JSON.stringify(config));
  await outputOf([
    "sh",
    "-c",
    `"$@" >/dev/null 2>&1 </dev/null`,
    "sh",
    ...own,
    "--root",
    root,
    "run",
    "-d",
    "--bundle",
    sleeper,
    "long",
  ]);
  for (let round = 0; round < ROUNDS; round++) {
    const note = async (verb: string, command: Command): Promise<void> => {
      const [result] = await leastOf([command], 1);
      if (result!.code !== 0) throw new Error(`bench: ${verb}: ${result!.stderr}`);
      best.set(verb, Math.min(best.get(verb) ?? Infinity, result!.ms));
    };
    const [deno] = await leastOf([{ command: Deno.execPath(), args: [...DENO, empty] }], 1);
    nothing.push(deno!.ms);
    await waiting("c");
    await note("start", call("start", "c"));
    await note("state", call("state", "long"));
    await note("list", call("list"));
    await note("ps", call("ps", "long"));
    await note("exec", call("exec", "long", "/bin/true"));
    await note("kill", call("kill", "long", "CONT"));
    await note("pause", call("pause", "long"));
    await note("resume", call("resume", "long"));
    await note("update", call("update", "--pids-limit", "100", "long"));
    await note("events --stats", call("events", "--stats", "long"));
    await note("delete", call("delete", "--force", "c"));
    await note("features", call("features"));
    await note("spec", call("spec", "--bundle", await Deno.makeTempDir({ dir: scratch })));
    // The init keeps its streams: a shell between.
    const [command = "", ...words] = own;
    const create = `"$@" >/dev/null 2>&1 </dev/null`;
    await note("create", {
      command: "sh",
      args: ["-c", create, "sh", command, ...words, "--root", root, "create", "--bundle", bundle, "made"],
    });
    await outputOf([...own, "--root", root, "delete", "--force", "made"]);
  }
  await outputOf([...own, "--root", root, "delete", "--force", "long"]);
  const base = least(nothing);
  return {
    title: "Verbs of umiak-runtime: whole processes beside an empty `deno run`, least of 12, ms",
    columns: ["", "umiak-runtime", "empty deno run", "umiak / empty"],
    rows: [...best].sort(([a], [b]) => a < b ? -1 : 1).map(([verb, value]) => [
      ...[verb, ms(value), ms(base), `${(value / base).toFixed(2)}×`],
    ]),
    notes: ["Without bin/umiak-runtime, which is a shell script; create has a shell around it."],
  };
}

/** Native containers; no tables where they, crun or runc cannot be had. */
export async function nativeBench(): Promise<Table[]> {
  const reason = reasonAgainst({
    ...WITH_BUSYBOX,
    tools: ["crun", "runc", "unshare", "xargs"],
    missing: reasonAgainst(WITH_BUSYBOX),
  });
  if (reason !== undefined) {
    console.error(`native is left out: ${reason}`);
    return [];
  }
  const main = repositoryFile("dist/umiak/runtime/main.js");
  const bundled = await Deno.stat(main).then(() => true, () => false);
  const own = bundled ? [Deno.execPath(), ...DENO, V8_FLAGS, main] : [
    Deno.execPath(),
    ...DENO.filter((word) => word !== "--no-config"),
    "--config",
    repositoryFile("deno.json"),
    repositoryFile("cli/runtime/main.ts"),
  ];
  const scratch = await Deno.makeTempDir({ prefix: "umiak-bench-" });
  try {
    await makeBundle(`${scratch}/bundle`);
    return [
      await livesTable(scratch, `${scratch}/bundle`, own),
      await verbsTable(scratch, `${scratch}/bundle`, own),
    ];
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}
