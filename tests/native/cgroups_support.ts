/** Cgroups for tests: places of their own, and runc beside umiak. @module */
import assert from "node:assert/strict";
import { treeOf } from "../../runtime/native/cgroups/files.ts";
import { type CgroupHierarchy, readHost } from "../../runtime/native/cgroups/hosts.ts";
import { type Bench, withBench } from "../runtime/support.ts";
import { type Config, nativeBundle } from "./support.ts";

/** Those of this host. */
export const hierarchies: readonly CgroupHierarchy[] = Deno.build.os === "linux"
  ? readHost().hierarchies
  : [];

/** A mebibyte. */
export const MIB = 1 << 20;

/** What there is at a path in all hierarchies. */
export const directories = (path: string): string[] =>
  hierarchies.flatMap(({ mountPoint }) => treeOf(`${mountPoint}/${path}`));

/** Runs `f` with a place that no other cgroups are in. */
export const withPlace = (f: (bench: Bench, place: string) => Promise<void>): Promise<void> =>
  withBench(async (bench) => {
    const place = `umiak-test-${crypto.randomUUID()}`;
    try {
      await f(bench, place);
    } finally {
      for (const { name } of listed(bench.root)) await bench.call("delete", "--force", name);
      for (const directory of directories(place)) Deno.removeSync(directory);
    }
  });

/** Entries of a state directory that are containers. */
export function listed(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)].filter(({ name }) => !name.startsWith("~"));
  } catch {
    return [];
  }
}

/** Runs runc, whose container has files as its streams. */
export async function runc(bench: Bench, ...args: string[]): Promise<void> {
  // Its container has its standard error: a file, because it stays open.
  const { success } = await new Deno.Command("/bin/sh", {
    args: [
      "-c",
      `exec runc --root '${bench.dir}/runc' "$@" </dev/null >'${bench.dir}/runc.out' 2>&1`,
      "sh",
      ...args,
    ],
  }).output();
  assert.ok(success, `runc ${args.join(" ")}: ${Deno.readTextFileSync(`${bench.dir}/runc.out`)}`);
}

/** Creates a container `c` in `place`/ours and one of runc's in `place`/theirs, and runs `f` with the id of that. */
export async function besideRunc(
  bench: Bench,
  place: string,
  resources: Config,
  f: (theirs: string) => Promise<void>,
): Promise<void> {
  const at = (name: string): string =>
    nativeBundle(bench, name, "sleep 1000", (config) => {
      config.linux.cgroupsPath = `/${place}/${name}`;
      config.linux.resources = resources;
    });
  const theirs = `umiak-test-${Deno.pid}`;
  await bench.ok("create", "-b", at("ours"), "c");
  await runc(bench, "create", "--bundle", at("theirs"), theirs);
  try {
    await f(theirs);
  } finally {
    await runc(bench, "delete", "--force", theirs);
  }
}

/** Every setting is as runc makes it, at create and at update; delete leaves nothing. `settings` reads those of a place. */
export const settingsAreRuncs = (
  resources: Config,
  update: Config,
  settings: (place: string) => unknown,
): Promise<void> =>
  withPlace(async (bench, place) => {
    await besideRunc(bench, place, resources, async (theirs) => {
      assert.deepEqual(settings(`${place}/ours`), settings(`${place}/theirs`));
      const file = `${bench.dir}/update.json`;
      Deno.writeTextFileSync(file, JSON.stringify(update));
      await bench.ok("update", "--resources", file, "c");
      await runc(bench, "update", "--resources", file, theirs);
      assert.deepEqual(settings(`${place}/ours`), settings(`${place}/theirs`));
    });
    await bench.ok("delete", "--force", "c");
    assert.deepEqual(directories(`${place}/ours`), []);
  });

/** A container with these limits is an error that says `message`, and leaves nothing. */
export const limitsAreRefused = (resources: Config, message: RegExp): Promise<void> =>
  withPlace(async (bench, place) => {
    const bundle = nativeBundle(bench, "b", "true", (config) => {
      config.linux.cgroupsPath = `/${place}/deep/c`;
      config.linux.resources = resources;
    });
    const { code, stderr } = await bench.call("create", "-b", bundle, "c");
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.deepEqual(directories(place), []);
    assert.deepEqual(listed(bench.root), []);
  });

/** A disk of this host. */
export const disk = ((): { major: number; minor: number } | undefined => {
  try {
    const name = [...Deno.readDirSync("/sys/block")].find(({ name }) => !/^(loop|ram|zram)/.test(name))!.name;
    const [major = 0, minor = 0] = Deno.readTextFileSync(`/sys/block/${name}/dev`).trim().split(":").map(
      Number,
    );
    return { major, minor };
  } catch {
    return undefined;
  }
})();

/** A value without its numbers: which fields there are, and of what kind. */
export const shapeOf = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.slice(0, 1).map(shapeOf)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]).sort())
    : typeof value;
