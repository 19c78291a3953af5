/** Whoever has to do with native containers is killed, and there are very many of them: nothing is left. */
import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { repositoryFile } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { busyboxBundle, WITH_BUSYBOX } from "./busybox.ts";
import { inUserNamespace } from "./support.ts";

/** More take more time: 200 rounds a minute, 1000 containers half of one. */
const ROUNDS = Deno.env.get("UMIAK_KILL_ROUNDS") ?? "36", MANY = Deno.env.get("UMIAK_MANY") ?? "200";
const SEED = Deno.env.get("UMIAK_KILL_SEED") ?? String(Math.floor(Math.random() * 2 ** 31));

const script = (name: string, ...flags: string[]): string[] => [
  ...[Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check", "--no-lock", ...flags],
  ...["--config", repositoryFile("deno.json"), repositoryFile(`tests/native/${name}.ts`)],
];

async function outputOf(words: readonly string[]): Promise<string> {
  const [command = "", ...args] = words;
  const { code, stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

testWhen(
  { ...WITH_BUSYBOX, tools: ["unshare"] },
  "kill -9 of create, start, delete, run and an engine at random moments: delete --force leaves no process, mount, cgroup or directory",
  () =>
    withBench(async (bench) => {
      await Deno.chmod(bench.dir, 0o755);
      busyboxBundle(bench, "b", "exec sleep 100000");
      busyboxBundle(bench, "u", "exec sleep 100000", inUserNamespace);
      console.log(`UMIAK_KILL_SEED=${SEED}`);
      // The shell takes in what has lost its parent.
      const namespace = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"];
      await outputOf([
        ...[...namespace, "sh", "-c", '"$@"; exit $?', "sh"],
        ...[...script("kill_loop"), bench.dir, ROUNDS, SEED],
      ]);
    }),
);

testWhen(
  WITH_BUSYBOX,
  "containers one after another and 100 at once, in one process: no descriptors, threads, mounts, cgroups, processes or memory are lost",
  () =>
    withBench(async (bench) => {
      const bundle = busyboxBundle(bench, "b", "", (config) => {
        config.process.args = ["/bin/true"];
        delete config.linux.cgroupsPath; // one each, by their ids
      });
      const said = await outputOf([
        ...script("many_lives", "--v8-flags=--expose-gc"),
        bench.root,
        bundle,
        MANY,
        "100",
      ]);
      const { early, late } = JSON.parse(said);
      for (const what of ["mounts", "children", "cgroups", "directories"]) {
        assert.equal(late[what], early[what], what);
      }
      // Deno gives some of its own back, and takes some, when it likes.
      for (const [what, more] of [["descriptors", 4], ["threads", 4], ["maps", 200]] as const) {
        assert.ok(late[what] <= early[what] + more, `${what}: ${said}`);
      }
      const each = (late.heap - early.heap) / (Number(MANY) + 100);
      assert.ok(each < 2048, `${each} bytes of the heap for each: ${said}`);
      assert.ok(late.memory < early.memory * 1.5 + 2 ** 25, said);
    }),
);
