/** What is left when umiak is killed, and what containers that run at the same time share. */
import assert from "node:assert/strict";
import { noise } from "../../image/registry/testing/served.ts";
import { file } from "../../image/store/testing/trees.ts";
import { processesWith } from "../runtime/support.ts";
import { umiak, umiakArgs } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { AS_ROOT, baseEntries, makeImage, type Place, withPlace } from "./support.ts";

/** Starts umiak, and leaves it. */
function begin(place: Place, options: readonly string[], words: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: umiakArgs(["run", ...options, place.image, ...words]),
    env: { ...place.env, NO_COLOR: "1" },
    ...{ stdin: "null", stdout: "piped", stderr: "null" },
  }).spawn();
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Makes what a killed process has left look as old as it must be to be nobody's. */
function age(path: string): void {
  Deno.utimeSync(path, new Date(0), new Date(0));
}

const namesIn = (path: string): string[] => {
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch {
    return [];
  }
};

const FILES = 800;

/** An image whose extraction takes a while. */
const manyFiles = (path: string): Promise<string> =>
  makeImage(path, [
    baseEntries(),
    Array.from({ length: FILES }, (_, i) => file(`many/${i}`, noise(5_000, i))),
  ]);

testWhen(
  AS_ROOT,
  "umiak is killed while it extracts a layer: the store stays usable, and the rest is collected",
  () =>
    withPlace(async (place) => {
      for (let round = 0; round < 3; round++) {
        const child = begin(place, ["--network", "none"], ["true"]);
        const unfinished = (): string | undefined =>
          namesIn(`${place.store}/trees`).find((name) =>
            name.startsWith("~") && namesIn(`${place.store}/trees/${name}/many`).length > round * 200
          );
        await until(() => unfinished() !== undefined);
        child.kill("SIGKILL");
        await child.output();
        assert.ok(unfinished() !== undefined);
        assert.ok(place.trees().filter((name) => !name.startsWith("~")).length <= 1);
        for (const name of place.trees()) if (name.startsWith("~")) age(`${place.store}/trees/${name}`);
        if (round < 2) continue;
        assert.equal(await place.says(`ls /many | wc -l; stat -c %s /many/${FILES - 1}`), `${FILES}\n5000\n`);
      }
      // The run that extracted has swept; another one that was killed is the collector's.
      assert.deepEqual(place.trees().filter((name) => name.startsWith("~")), []);
      await Deno.mkdir(`${place.store}/trees/~left/x`, { recursive: true });
      age(`${place.store}/trees/~left`);
      const check = await umiak(["store", "check"], { env: place.env });
      assert.equal(check.code, 0, check.stderr);
      // The image is a layout's: nothing in the store has a name for it.
      const collected = await umiak(["store", "gc"], { env: place.env });
      assert.equal(collected.code, 0, collected.stderr);
      assert.deepEqual(place.trees(), []);
      assert.equal((await place.run(["--network", "none"], [])).stdout, "one\n");
    }, manyFiles),
);

testWhen(
  AS_ROOT,
  "containers that begin at the same time extract each layer once, and share it; gc leaves it to them",
  () =>
    withPlace(async (place) => {
      const children = Array.from({ length: 4 }, (_, i) =>
        begin(place, ["--network", "none"], [
          "sh",
          "-c",
          `stat -c %i /many/7; echo ${i} > /many/7; cat /many/7`,
        ]));
      const said = await Promise.all(
        children.map(async (child) =>
          new TextDecoder().decode((await child.output()).stdout).trim().split("\n")
        ),
      );
      assert.deepEqual(said.map(([, content]) => content), ["0", "1", "2", "3"]);
      assert.equal(
        new Set(said.map(([inode]) => inode)).size,
        1,
      );
      assert.equal(place.trees().length, 2);
      const running = begin(place, ["--network", "none"], [
        "sh",
        "-c",
        "echo begun; cat /many/8 | wc -c; sleep 1000",
      ]);
      const reader = running.stdout.getReader();
      assert.match(new TextDecoder().decode((await reader.read()).value), /begun/);
      assert.equal((await umiak(["store", "gc"], { env: place.env })).code, 0);
      assert.equal(place.trees().length, 2);
      running.kill("SIGTERM"); // as process 1 the shell ignores it
      running.kill("SIGKILL");
      await running.status;
      await reader.cancel();
      assert.equal((await umiak(["store", "gc"], { env: place.env })).code, 0);
      assert.deepEqual(place.trees(), []);
    }, manyFiles),
);

testWhen(
  AS_ROOT,
  "a container ends with umiak, and the next run removes what is left of it",
  () =>
    withPlace(async (place) => {
      const mark = `9${Math.floor(Math.random() * 1e6)}.5`;
      const child = begin(place, [], ["sh", "-c", `touch /written; echo begun; sleep ${mark}; true`]);
      const reader = child.stdout.getReader();
      await reader.read();
      await until(() => processesWith(mark).some((pid) => pid !== child.pid));
      const [id] = place.left();
      const cgroups = (): string[] =>
        namesIn("/sys/fs/cgroup").flatMap((name) => namesIn(`/sys/fs/cgroup/${name}`)).filter((name) =>
          name.startsWith(id!)
        );
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await until(() => processesWith(mark).length === 0); // man 2 PR_SET_PDEATHSIG
      assert.ok(namesIn(`${place.store}/containers/${id}/upper`).includes("written"));
      for (const path of [`${place.store}/containers/${id}/.lock`, `${place.store}/containers/${id}`]) {
        age(path);
      }
      assert.equal((await place.run([], [])).stdout, "one\n");
      assert.deepEqual([place.left(), cgroups()], [[], []]);
    }),
);
