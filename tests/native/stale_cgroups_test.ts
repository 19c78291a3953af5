import assert from "node:assert/strict";
import { type Bench, withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { type Config, NATIVE, nativeBundle } from "./support.ts";

const without = (type: string) => (config: Config): void => {
  config.linux.namespaces = config.linux.namespaces.filter((each: { type: string }) => each.type !== type);
};

/** Cgroup directories of a path, in all hierarchies: each once, whatever links there are to it. */
function cgroupsOf(path: string): string[] {
  const mounts = ["", ...Array.from(Deno.readDirSync("/sys/fs/cgroup"), ({ name }) => `/${name}`)];
  const there = mounts.flatMap((mount) => {
    try {
      return [Deno.realPathSync(`/sys/fs/cgroup${mount}${path}`)];
    } catch {
      return [];
    }
  });
  return [...new Set(there)].sort();
}

/** Two containers with the same cgroups, of which the first has ended. What the second is in when the first is deleted by force. */
async function deleteFirst(
  first: Bench,
  second: Bench,
  change: (config: Config) => void,
  between: (cgroups: string[]) => void = () => {},
): Promise<void> {
  const path = `/${first.dir.split("/").pop()}-shared`;
  const bundle = (bench: Bench, name: string): string =>
    nativeBundle(bench, name, "exec sleep 1000", (config) => {
      change(config);
      config.linux.cgroupsPath = path;
    });
  await first.ok("run", "-d", "-b", bundle(first, "a"), "a");
  await first.ok("kill", "a", "KILL");
  await first.stopped("a");
  assert.notDeepEqual(cgroupsOf(path), []);
  between(cgroupsOf(path));
  await second.ok("run", "-d", "-b", bundle(second, "b"), "b");
  const { pid } = await second.state("b"), cgroups = cgroupsOf(path);
  await first.ok("delete", "--force", "a");
  assert.deepEqual(await second.state("b"), { ...await second.state("b"), status: "running", pid });
  assert.deepEqual(cgroupsOf(path), cgroups);
  assert.equal(await second.ok("exec", "b", "echo", "here"), "here\n");
  await second.ok("pause", "b");
  await second.ok("resume", "b");
  await second.ok("delete", "--force", "b");
  assert.deepEqual(cgroupsOf(path), []);
}

const removed = (cgroups: string[]): void => {
  for (const cgroup of cgroups) Deno.removeSync(cgroup);
};

testWhen(
  NATIVE,
  "delete --force of a container that has ended leaves the one alone that has its cgroups now: in one state directory",
  async () => {
    await withBench((bench) => deleteFirst(bench, bench, () => {}));
    await withBench((bench) => deleteFirst(bench, bench, without("pid")));
  },
);

testWhen(
  NATIVE,
  "delete --force of a container that has ended leaves the one alone that has its cgroups now: in another state directory",
  async () => {
    await withBench((first) => withBench((second) => deleteFirst(first, second, () => {})));
    await withBench((first) => withBench((second) => deleteFirst(first, second, without("pid"), removed)));
  },
);

testWhen(
  NATIVE,
  "delete --force of a container whose cgroups are made anew by somebody else removes none",
  () =>
    withBench(async (bench) => {
      const path = `/${bench.dir.split("/").pop()}-other`;
      const bundle = nativeBundle(bench, "a", "exec sleep 1000", (config) => {
        without("pid")(config);
        config.linux.cgroupsPath = path;
      });
      await bench.ok("run", "-d", "-b", bundle, "a");
      await bench.ok("kill", "a", "KILL");
      await bench.stopped("a");
      const cgroups = cgroupsOf(path);
      for (const cgroup of cgroups) {
        Deno.removeSync(cgroup);
        Deno.mkdirSync(cgroup);
      }
      const cpuset = cgroups.find((cgroup) => cgroup.startsWith("/sys/fs/cgroup/cpuset/"));
      assert.ok(cgroups.length > 0);
      const child = new Deno.Command("sleep", { args: ["1000"], stdin: "null" }).spawn();
      try {
        for (const cgroup of cgroups) {
          if (cgroup !== cpuset) Deno.writeTextFileSync(`${cgroup}/cgroup.procs`, String(child.pid));
        }
        await bench.ok("delete", "--force", "a");
        assert.deepEqual(cgroupsOf(path), cgroups);
        assert.equal(Deno.statSync(`/proc/${child.pid}`).isDirectory, true);
      } finally {
        child.kill("SIGKILL");
        await child.status;
        for (const cgroup of cgroups) Deno.removeSync(cgroup);
      }
    }),
);
