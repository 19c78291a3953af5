import assert from "node:assert/strict";
import { withDirectory } from "../../tests/support/umiak.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const names = async (path: string): Promise<string[]> =>
  (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();

Deno.test("temporaryDirectory() removes what dead makers have left, and nothing else", () =>
  withDirectory(async (parent) => {
    const alive = await temporaryDirectory("edit-", parent);
    const long = new Date(Date.now() - 3_600_000);
    const make = async (name: string, lock: boolean): Promise<void> => {
      await Deno.mkdir(`${parent}/${name}`);
      await Deno.writeTextFile(`${parent}/${name}/layer`, "x");
      if (lock) await Deno.writeTextFile(`${parent}/${name}/.lock`, "");
    };
    const age = async (path: string): Promise<void> => {
      for (const each of [`${path}/.lock`, path]) await Deno.utime(each, long, long).catch(() => {});
    };
    await make("edit-dead", true);
    await make("edit-unlocked", false);
    await make("edit-young", false);
    await make("other-dead", true);
    for (const name of ["edit-dead", "edit-unlocked", "other-dead"]) await age(`${parent}/${name}`);
    await age(alive.path);
    const next = await temporaryDirectory("edit-", parent);
    const left = [alive.path, next.path].map((path) => path.slice(parent.length + 1));
    assert.deepEqual(await names(parent), [...left, "edit-young", "other-dead"].sort());
    next.close();
    alive.close();
    assert.deepEqual(await names(parent), ["edit-young", "other-dead"]);
  }));
