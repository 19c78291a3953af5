/** Cgroups for tests: places of their own, and runc beside umiak. @module */
import assert from "node:assert/strict";
import { treeOf } from "../../runtime/native/cgroups/files.ts";
import { type CgroupHierarchy, readHost } from "../../runtime/native/cgroups/hosts.ts";
import { type Bench, withBench } from "../runtime/support.ts";

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
