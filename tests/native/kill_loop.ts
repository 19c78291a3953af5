/**
 * Kills who makes, starts and deletes native containers, at random moments, and looks for what is left after delete --force. It must be in a
 * process namespace of its own, whose other processes are all its own. Arguments: a directory with bundles `b` and `u`, how many rounds, a
 * seed. Prints how many rounds left a container at each moment.
 * @module
 */
import assert from "node:assert/strict";
import { deleteContainer } from "../../runtime/lifecycle/delete.ts";
import { runtimeCommand } from "../runtime/support.ts";
import { random } from "../support/random.ts";
import { nativeContext } from "./in_process.ts";

const [directory = "", rounds = "", seed = ""] = Deno.args;
const root = `${directory}/state`, bundles = [`${directory}/b`, `${directory}/u`];
const below = random(Number(seed));
const names = bundles.map((bundle) =>
  JSON.parse(Deno.readTextFileSync(`${bundle}/config.json`)).linux.cgroupsPath.slice(1) as string
);

const verb = (...args: string[]): string[] => [...runtimeCommand(root), ...args];

/** Processes that live, but for this one, and its parent, which began the namespace. */
function others(): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid || name === "1") return false;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
    } catch {
      return false; // it has ended
    }
  });
}

/** Directories of cgroups with the containers' names. */
function cgroups(): string[] {
  const hierarchies = [...Deno.readDirSync("/sys/fs/cgroup")].filter(({ isDirectory }) => isDirectory);
  return ["", ...hierarchies.map(({ name }) => `/${name}`)]
    .flatMap((hierarchy) => names.map((cgroup) => `/sys/fs/cgroup${hierarchy}/${cgroup}`))
    .filter((path) => {
      try {
        return Deno.statSync(path).isDirectory;
      } catch {
        return false;
      }
    });
}

const mounts = (): string => Deno.readTextFileSync("/proc/self/mountinfo");

/** Runs a verb to its end. Its streams are files: a container keeps those of its create. */
async function run(...args: string[]): Promise<string> {
  const { code } = await new Deno.Command("/bin/sh", {
    args: ["-c", `exec "$@" </dev/null >'${directory}/out' 2>'${directory}/err'`, "sh", ...verb(...args)],
  }).output();
  assert.equal(code, 0, `${args.join(" ")}: ${Deno.readTextFileSync(`${directory}/err`)}`);
  return Deno.readTextFileSync(`${directory}/out`);
}

/** Starts something, and kills it after a while. How long it took, if it was not killed. */
async function killed(words: readonly string[], ms: number): Promise<void> {
  const [command = "", ...args] = words;
  const child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  await new Promise((resolve) => setTimeout(resolve, ms));
  try {
    child.kill("SIGKILL");
  } catch {
    // It was faster.
  }
  await child.status;
}

const engine = [
  ...[Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check", "--no-lock", "--config"],
  ...[
    new URL("../../deno.json", import.meta.url).pathname,
    new URL("kill_victim.ts", import.meta.url).pathname,
  ],
  ...[root],
];
/** What is killed, what must have been done before, and the most it may take to do all of it, in units of a verb. */
const victims = (bundle: string): (readonly [words: string[], before: string[][], units: number])[] => [
  [verb("create", "-b", bundle, "c"), [], 1.2],
  [verb("start", "c"), [["create", "-b", bundle, "c"]], 1],
  [verb("delete", "--force", "c"), [["create", "-b", bundle, "c"]], 1],
  [verb("delete", "--force", "c"), [["run", "-d", "-b", bundle, "c"]], 1],
  [verb("run", "-b", bundle, "c"), [], 1.5],
  [[...engine, bundle], [], 3],
];
const VICTIMS = bundles.flatMap(victims);

const begun = performance.now();
await run("create", "-b", bundles[0]!, "c");
/** What a verb takes, ms: it depends on the machine. */
const unit = performance.now() - begun;
await run("delete", "--force", "c");

const before = mounts(), left: Record<string, number> = {};
const context = nativeContext(root);
for (let round = 0; round < Number(rounds); round++) {
  const [words, first, units] = VICTIMS[round % VICTIMS.length]!;
  for (const args of first) await run(...args);
  const ms = below(Math.ceil(unit * units * 100)) / 100;
  const what = `seed ${seed}, round ${round}: killed after ${ms} ms: ${words.slice(-4).join(" ")}`;
  await killed(words, ms);
  if (round % 5 === 0) {
    await run("list");
    const said = await run("list", "--format", "json");
    for (const { status } of JSON.parse(said)) left[status] = (left[status] ?? 0) + 1;
  }
  // Every other time as another process does it.
  if (round % 10 === 0) await run("delete", "--force", "c");
  else await deleteContainer(context, "c", { force: true });
  if (others().length > 0) {
    // An init whose maker has gone reads that from a pipe, and ends: wait for it as for any process.
    for (let i = 0; i < 1000 && others().length > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const alive = others().map((pid) => Deno.readTextFileSync(`/proc/${pid}/status`).split("\n")[0]);
  assert.deepEqual(alive, [], `${what}: processes`);
  assert.deepEqual(cgroups(), [], `${what}: cgroups`);
  assert.equal(mounts(), before, `${what}: mounts`);
  // A second one sweeps: what had been renamed has no id any more.
  await deleteContainer(context, "c", { force: true });
  assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), ["~lock"], `${what}: directories`);
}
console.log(JSON.stringify({ unit: Math.round(unit), left }));
