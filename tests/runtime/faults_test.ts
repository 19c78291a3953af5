/** Kill -9 of whoever has to do with a container, and many containers at once: nothing hangs, nothing is left. @module */
import assert from "node:assert/strict";
import { repositoryFile } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { type Bench, processesWith, withBench } from "./support.ts";

const linux = { os: ["linux"] as const };
const LONG = "100000000";

/** Ids of everything that is written down, and every process that works for it. */
async function leftovers(bench: Bench): Promise<{ names: string[]; processes: number[] }> {
  const names = [...Deno.readDirSync(bench.root)].map(({ name }) => name).filter((name) => name !== "~lock");
  // A process that has just been killed may take a moment.
  for (let i = 0; i < 500 && processesWith(bench.root).length > 0; i++) {
    await new Promise((r) => setTimeout(r, 10));
  }
  return { names, processes: processesWith(bench.root) };
}

testWhen(
  linux,
  "kill -9 of the host process: stopped, and deleted as any other",
  () =>
    withBench(async (bench) => {
      for (const args of [["sleep", LONG], ["spin"]]) {
        await bench.ok("run", "-d", "-b", bench.bundle(`b-${args[0]}`, args), "c");
        Deno.kill((await bench.state("c")).pid, "SIGKILL");
        assert.equal((await bench.stopped("c")).status, "stopped");
        assert.match(await bench.ok("list"), /\bstopped\b/);
        await bench.ok("delete", "c");
      }
      assert.deepEqual(await leftovers(bench), { names: [], processes: [] });
    }),
);

testWhen(
  linux,
  "kill -9 of create at any moment: list, state and delete --force work, nothing leaks",
  () =>
    withBench(async (bench) => {
      const bundle = bench.bundle("b", ["sleep", LONG]);
      for (let i = 0; i < 25; i++) {
        const { child, result } = bench.spawn(["create", "-b", bundle, "c"]);
        await new Promise((resolve) => setTimeout(resolve, i * 6));
        try {
          child.kill("SIGKILL");
        } catch {
          // It was faster.
        }
        await result;
        assert.equal((await bench.call("list")).code, 0);
        const known = await bench.call("state", "c");
        if (known.code === 0) assert.match(known.stdout, /"status": "(creating|created|stopped)"/);
        else assert.match(known.stderr, /does not exist/);
        await bench.ok("delete", "--force", "c");
      }
      await bench.ok("create", "-b", bundle, "c"); // sweeps what is left of containers on their way
      await bench.ok("delete", "-f", "c");
      assert.deepEqual(await leftovers(bench), { names: [], processes: [] });
    }),
);

testWhen(
  linux,
  "kill -9 of start and of delete at any moment: the container can be deleted by force",
  () =>
    withBench(async (bench) => {
      const bundle = bench.bundle("b", ["sleep", LONG]);
      for (let i = 0; i < 16; i++) {
        await bench.ok("create", "-b", bundle, "c");
        const verb = i % 2 === 0 ? ["start", "c"] : ["delete", "--force", "c"];
        const { child, result } = bench.spawn(verb);
        await new Promise((resolve) => setTimeout(resolve, i * 4));
        try {
          child.kill("SIGKILL");
        } catch {
          // It was faster.
        }
        await result;
        assert.equal((await bench.call("list")).code, 0);
        await bench.ok("delete", "--force", "c");
      }
      await bench.ok("create", "-b", bundle, "c");
      await bench.ok("delete", "-f", "c");
      assert.deepEqual(await leftovers(bench), { names: [], processes: [] });
    }),
);

testWhen(
  linux,
  "kill -9 of a create whose hook runs: the host process goes with it",
  () =>
    withBench(async (bench) => {
      const mark = `${bench.dir}/hook-pid`;
      const script = `echo $$ >'${mark}.new'; mv '${mark}.new' '${mark}'; exec sleep 1000`;
      const hook = { path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/usr/bin:/bin"] };
      const { child, result } = bench.spawn([
        "create",
        "-b",
        bench.bundle("b", [], { hooks: { prestart: [hook] } }),
        "c",
      ]);
      let pid = 0;
      while (pid === 0) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        try {
          pid = Number(Deno.readTextFileSync(mark));
        } catch {
          // It has not begun.
        }
      }
      child.kill("SIGKILL");
      await result;
      Deno.kill(pid, "SIGKILL"); // a hook has nobody to end it: its caller is the one that was killed
      await bench.ok("delete", "--force", "c");
      assert.deepEqual(await leftovers(bench), { names: [], processes: [] });
    }),
);

testWhen(
  linux,
  "kill -9 of a detached exec ends its process in the container, and nothing else",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG]), "c");
      await bench.ok("exec", "-d", "--pid-file", `${bench.dir}/pid`, "c", "/probe.wasm", "sleep", LONG);
      Deno.kill(Number(Deno.readTextFileSync(`${bench.dir}/pid`)), "SIGKILL");
      await bench.ok("exec", "c", "/probe.wasm", "args", "still here");
      assert.equal((await bench.state("c")).status, "running");
      await bench.ok("delete", "-f", "c");
      assert.deepEqual(await leftovers(bench), { names: [], processes: [] });
    }),
);

testWhen(
  linux,
  "a detached program that ends before its caller: the process that stands for it keeps the status for whoever inherits it",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG]), "c");
      const caller = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--allow-all", "--no-check", "--no-lock"],
          ...["--config", repositoryFile("deno.json"), repositoryFile("tests/runtime/detached_exec.ts")],
          ...[bench.root, "c"],
        ],
      }).output();
      assert.deepEqual(
        [caller.code, new TextDecoder().decode(caller.stdout), new TextDecoder().decode(caller.stderr)],
        [0, "S\n", ""],
      );
      await bench.ok("delete", "-f", "c");

      // The same of a container: its caller waits for a hook while the program ends.
      const pidFile = `${bench.dir}/pid`, go = `${bench.dir}/go`;
      await new Deno.Command("mkfifo", { args: [go] }).output();
      const hook = { path: "/bin/sh", args: ["sh", "-c", `read line <'${go}'`] };
      const { result } = bench.spawn([
        ...["run", "-d", "--pid-file", pidFile, "-b"],
        ...[bench.bundle("b2", ["args", "said"], { hooks: { poststart: [hook] } }), "c"],
      ]);
      while (!await Deno.lstat(pidFile).then(() => true, () => false)) {
        await new Promise((r) => setTimeout(r, 10));
      }
      while (!bench.output().includes("said")) await new Promise((r) => setTimeout(r, 10));
      await new Promise((r) => setTimeout(r, 200));
      const pid = Deno.readTextFileSync(pidFile);
      assert.match(Deno.readTextFileSync(`/proc/${pid}/stat`), /\) S /);
      await Deno.writeTextFile(go, "\n");
      assert.deepEqual(await result, { code: 0, stdout: "said\n", stderr: "" });
      assert.equal((await bench.stopped("c")).exitStatus, 0);
      await bench.ok("delete", "c");
      assert.deepEqual(await leftovers(bench), { names: [], processes: [] });
    }),
);

testWhen(linux, "200 containers created, started and deleted, 8 at a time", () =>
  withBench(async (bench) => {
    const bundle = bench.bundle("b", ["exit", "5"]);
    const ids = Array.from({ length: 200 }, (_, i) => `c${i}`);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < ids.length) {
        const id = ids[next++]!;
        await bench.ok("create", "-b", bundle, id);
        await bench.ok("start", id);
        assert.equal((await bench.stopped(id)).exitStatus, 5, id);
        await bench.ok("delete", id);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    assert.deepEqual(await leftovers(bench), { names: [], processes: [] });
  }));
