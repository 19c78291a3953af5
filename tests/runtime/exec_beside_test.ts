/** What a second program in a container on the userland kernel is to the first, and where it is put. @module */
import assert from "node:assert/strict";
import { testWhen } from "../support/when.ts";
import { withBench } from "./support.ts";

const LONG = "100000000";
const MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup" },
];
const unix = { os: ["linux", "darwin"] as const };

testWhen(
  { os: ["linux"] },
  "a program of exec that computes lets the container be served, and is killed alone",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG]), "c");
      const busy = bench.spawn([
        "exec",
        "--pid-file",
        `${bench.dir}/busy.pid`,
        "-d",
        "c",
        "/probe.wasm",
        "spin",
      ]);
      assert.equal((await busy.result).code, 0);
      const pid = Number(Deno.readTextFileSync(`${bench.dir}/busy.pid`));
      assert.equal(await bench.ok("exec", "c", "/probe.wasm", "echo", "served"), "served\n");
      Deno.kill(pid, "SIGKILL");
      while ((await bench.ok("ps", "--format", "json", "c")).includes(String(pid)));
      assert.equal(await bench.ok("exec", "c", "/probe.wasm", "echo", "served"), "served\n");
      // Beside another busy one, a signal still reaches the first.
      await bench.ok("exec", "-d", "c", "/probe.wasm", "spin");
      await bench.ok("kill", "c", "TERM");
      assert.equal((await bench.stopped("c")).exitStatus, 143);
    }),
);

testWhen(
  unix,
  "exec --cgroup: a group below the container's; one that is not there is an error",
  () =>
    withBench(async (bench) => {
      const linux = { resources: { pids: { limit: 20 } } };
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG], { mounts: MOUNTS, linux }), "c");
      const exec = (...args: string[]): ReturnType<typeof bench.call> => bench.call("exec", ...args);
      const own = (await exec("c", "/probe.wasm", "cat", "/proc/self/cgroup")).stdout.trim();
      const path = own.replace("0::", "");
      for (const name of ["sub", "sub/leaf"]) {
        const made = await exec("c", "/probe.wasm", "mkdir", `/sys/fs/cgroup${path}/${name}`);
        assert.equal(made.code, 0, made.stdout + made.stderr);
      }
      for (const [cgroup, below] of [["sub", "/sub"], ["sub/leaf", "/sub/leaf"], ["/", ""]]) {
        const { stdout, stderr } = await exec(
          "--cgroup",
          cgroup!,
          "c",
          "/probe.wasm",
          "cat",
          "/proc/self/cgroup",
        );
        assert.equal(stdout.trim(), `${own}${below}`, stderr);
      }
      for (
        const [cgroup, why] of [["none", /entering the cgroup "none"/], ["../x", /not a path below/]] as const
      ) {
        const { code, stderr } = await exec("--cgroup", cgroup, "c", "/probe.wasm", "args");
        assert.deepEqual([code, why.test(stderr)], [255, true], stderr);
      }
    }),
);
