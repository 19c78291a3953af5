import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { inUserNamespace, NATIVE, nativeBundle } from "./support.ts";

testWhen(
  NATIVE,
  "exec: CPUs, descriptors that are passed on, what cannot be executed",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", "exec sleep 1000"), "c");
      const process = {
        args: ["sh", "-c", "grep Cpus_allowed_list /proc/self/status"],
        env: ["PATH=/usr/bin"],
        cwd: "/",
        execCPUAffinity: { initial: "0", final: "0" },
      };
      Deno.writeTextFileSync(`${bench.dir}/process.json`, JSON.stringify(process));
      assert.match(await bench.ok("exec", "--process", `${bench.dir}/process.json`, "c"), /:\t0\n$/);
      const absent = await bench.call("exec", "c", "nope");
      assert.deepEqual([absent.code, /"nope": executable file not found in \$PATH/.test(absent.stderr)], [
        255,
        true,
      ]);
      assert.match(
        (await bench.call("exec", "--preserve-fds", "1", "c", "true")).stderr,
        /descriptor 3 is not open/,
      );
    }),
);

testWhen(
  NATIVE,
  "exec --detach: the process in the pid file is the container's, and ends with it",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", "exec sleep 1000"), "c");
      await bench.ok("exec", "--detach", "--pid-file", `${bench.dir}/pid`, "c", "sleep", "1000");
      const pid = Number(Deno.readTextFileSync(`${bench.dir}/pid`));
      const init = (await bench.state("c")).pid;
      assert.equal(Deno.readLinkSync(`/proc/${pid}/ns/pid`), Deno.readLinkSync(`/proc/${init}/ns/pid`));
      assert.deepEqual(JSON.parse(await bench.ok("ps", "--format", "json", "c")).sort(), [init, pid].sort());
      await bench.ok("kill", "--all", "c", "KILL");
      await bench.stopped("c");
      await bench.ok("delete", "c");
    }),
);

testWhen(
  NATIVE,
  "exec in a user namespace is its root, and has what its user may have",
  () =>
    withBench(async (bench) => {
      await Deno.chmod(bench.dir, 0o755);
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", "exec sleep 1000", inUserNamespace), "c");
      const look =
        "cat /proc/self/uid_map; id -u; grep CapEff /proc/self/status; echo x >/proc/self/oom_score_adj";
      const { stdout } = await bench.call("exec", "c", "sh", "-c", look);
      assert.match(stdout, /^ +0 +100000 +65536\n0\nCapEff:\t0000000020000420\n$/);
      const other = await bench.call("exec", "--user", "33:44", "c", "sh", "-c", "id -u; id -g; id -G");
      assert.equal(other.stdout, "33\n44\n44\n");
    }),
);

testWhen(NATIVE, "exec in the foreground passes signals on", () =>
  withBench(async (bench) => {
    await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", "exec sleep 1000"), "c");
    const script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    const { child, result } = bench.spawn(["exec", "c", "sh", "-c", script]);
    const said = (): string => {
      try {
        return bench.output();
      } catch {
        return ""; // it is about to begin
      }
    };
    while (!said().includes("ready")) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGTERM");
    assert.equal((await result).code, 9);
  }));

testWhen(
  NATIVE,
  "descriptors that are to be passed on are the process's, at the same numbers",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(bench, "b", "cat <&4; ls /proc/$$/fd");
      Deno.writeTextFileSync(`${bench.dir}/text`, "passed on\n");
      const { runtimeCommand } = await import("../runtime/support.ts");
      const words = [...runtimeCommand(bench.root), "run", "--preserve-fds", "2", "-b", bundle, "c"];
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: ["-c", `exec "$@" 3</dev/null 4<'${bench.dir}/text' 5</dev/zero`, "sh", ...words],
      }).output();
      const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assert.deepEqual([code, ...said], [0, "passed on\n0\n1\n2\n3\n4\n", ""]);
    }),
);

testWhen(
  NATIVE,
  "sockets of socket activation are the process's, which is told so; --preserve-fds counts from behind them (sd_listen_fds(3))",
  () =>
    withBench(async (bench) => {
      const script = "echo $LISTEN_FDS $LISTEN_PID; cat <&3; cat <&4; ls /proc/$$/fd";
      const bundle = nativeBundle(bench, "b", script);
      for (const name of ["first", "second"]) Deno.writeTextFileSync(`${bench.dir}/${name}`, `${name}\n`);
      const { runtimeCommand } = await import("../runtime/support.ts");
      const run = async (pid: string): Promise<string> => {
        const words = [...runtimeCommand(bench.root), "run", "--preserve-fds", "1", "-b", bundle, "c"];
        const streams = `3<'${bench.dir}/first' 4<'${bench.dir}/second' 5</dev/zero`;
        const { stdout } = await new Deno.Command("sh", {
          args: ["-c", `LISTEN_FDS=1 LISTEN_PID=${pid} exec "$@" ${streams}`, "sh", ...words],
        }).output();
        return new TextDecoder().decode(stdout);
      };
      assert.equal(await run("$$"), "1 1\nfirst\nsecond\n0\n1\n2\n3\n4\n");
      // They are for somebody else: only the one that --preserve-fds names is passed on.
      assert.equal(await run("1"), "\nfirst\n0\n1\n2\n3\n");
    }),
);

testWhen(
  NATIVE,
  "exec: descriptors that are passed on are the process's, at the same numbers",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", "exec sleep 1000"), "c");
      Deno.writeTextFileSync(`${bench.dir}/text`, "passed on\n");
      const { runtimeCommand } = await import("../runtime/support.ts");
      const words = [...runtimeCommand(bench.root), "exec", "--preserve-fds", "2", "c", "sh", "-c"];
      const { code, stdout } = await new Deno.Command("sh", {
        args: [
          ...["-c", `exec "$@" 3</dev/null 4<'${bench.dir}/text' 5</dev/zero`, "sh", ...words],
          "cat <&4; ls /proc/$$/fd",
        ],
      }).output();
      assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, "passed on\n0\n1\n2\n3\n4\n"]);
    }),
);

testWhen(
  {
    ...NATIVE,
    missing: reasonAgainst(NATIVE) ?? (navigator.hardwareConcurrency < 2 ? "needs two CPUs" : undefined),
  },
  "config.md#linux-process: execCPUAffinity.initial holds before the cgroup of the container does, final in it",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(bench, "b", "exec sleep 1000", (config) => {
        config.linux.resources = { ...config.linux.resources, cpu: { cpus: "1", mems: "0" } };
      });
      await bench.ok("run", "-d", "-b", bundle, "c");
      const execute = (execCPUAffinity: object) => {
        const process = {
          ...{
            args: ["sh", "-c", "grep Cpus_allowed_list /proc/self/status"],
            env: ["PATH=/usr/bin"],
            cwd: "/",
          },
          execCPUAffinity,
        };
        Deno.writeTextFileSync(`${bench.dir}/process.json`, JSON.stringify(process));
        return bench.call("exec", "--process", `${bench.dir}/process.json`, "c");
      };
      for (let i = 0; i < 3; i++) {
        assert.deepEqual(await execute({ initial: "0", final: "1" }), {
          ...{ code: 0, stdout: "Cpus_allowed_list:\t1\n", stderr: "" },
        });
      }
      const { code, stderr } = await execute({ final: "0" });
      assert.deepEqual([code, /restricting the process to the CPUs 0: invalid argument/.test(stderr)], [
        255,
        true,
      ], stderr);
    }),
);
