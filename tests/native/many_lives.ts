/**
 * Runs native containers in this process, one after another and then many at once, and prints as JSON what it holds after the first ones and
 * at the end. Arguments: an empty state directory, a bundle, how many one after another, how many at once.
 * @module
 */
import { nativeContext, readBundle, wholeLifeOk } from "./in_process.ts";

const [root = "", path = "", count = "", crowd = ""] = Deno.args;
const WARM = 50;
const { gc } = globalThis as { gc?: () => void };
const context = nativeContext(root), bundle = readBundle(path);
const tag = root.split("/").at(-2)!;

const lines = (file: string): string[] => Deno.readTextFileSync(file).split("\n");

/** Cgroups of these containers, in every hierarchy. */
function cgroups(): number {
  const hierarchies = [...Deno.readDirSync("/sys/fs/cgroup")].filter(({ isDirectory }) => isDirectory);
  return ["", ...hierarchies.map(({ name }) => `/${name}`)]
    .flatMap((hierarchy) => [...Deno.readDirSync(`/sys/fs/cgroup${hierarchy}`)])
    .filter(({ name }) => name.startsWith(tag)).length;
}

/** What is held now. Closed files of dead objects are given back first. */
async function held(): Promise<Record<string, number>> {
  for (let i = 0; i < 4; i++) {
    gc!();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return {
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    threads: [...Deno.readDirSync("/proc/self/task")].length,
    maps: lines("/proc/self/maps").length,
    // The machine's other mounts come and go.
    mounts: lines("/proc/self/mountinfo").filter((line) => line.includes(tag)).length,
    children: Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/children`).split(" ").filter(Boolean).length,
    cgroups: cgroups(),
    directories: [...Deno.readDirSync(root)].length,
    memory: rss,
    heap: heapUsed + external,
  };
}

const together = async (name: string): Promise<void> => {
  const ids = Array.from({ length: Number(crowd) }, (_, i) => `${tag}-${name}${i}`);
  await Promise.all(ids.map((id) => wholeLifeOk(context, bundle, id)));
};

for (let i = 0; i < WARM; i++) await wholeLifeOk(context, bundle, `${tag}-w${i}`);
await together("w"); // threads that wait for that many stay for the next
const early = await held(), begun = performance.now();
for (let i = 0; i < Number(count); i++) await wholeLifeOk(context, bundle, `${tag}-s${i}`);
const middle = performance.now();
await together("c");
const ms = { each: (middle - begun) / Number(count), crowd: performance.now() - middle };
console.log(JSON.stringify({ early, late: await held(), ms }));
