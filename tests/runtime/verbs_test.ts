/** The verbs of umiak-runtime, as whole processes on real bundles. @module */
import assert from "node:assert/strict";
import { testWhen } from "../support/when.ts";
import { parseFeatures } from "../../runtime/spec/features.ts";
import { parseSpec } from "../../runtime/spec/decode.ts";
import { parseState } from "../../runtime/spec/state.ts";
import { runtimeCommand, withBench } from "./support.ts";

const unix = { os: ["linux", "darwin"] as const };
const linux = { os: ["linux"] as const };
const LONG = "100000000";

testWhen(
  unix,
  "create, state, start, delete: the streams of create are the container's",
  () =>
    withBench(async (bench) => {
      const bundle = bench.bundle("b", ["args", "hello"], { annotations: { "com.example": "x" } });
      const pidFile = `${bench.dir}/pid`;
      await bench.ok("create", "--bundle", bundle, "--pid-file", pidFile, "c");
      const create = bench.calls;
      assert.equal(
        bench.output(create),
        "",
        "the program MUST NOT be run at this time (runtime.md#lifecycle)",
      );
      const state = parseState(await bench.ok("state", "c"));
      assert.deepEqual([state.id, state.status, state.bundle, state.annotations], [
        ...["c", "created", bundle, { "com.example": "x" }],
      ]);
      assert.equal(Number(Deno.readTextFileSync(pidFile)), state.pid);
      await bench.ok("start", "c");
      const { exitStatus } = await bench.stopped("c");
      assert.deepEqual([bench.output(create), exitStatus], ["hello\n", 0]);
      assert.match((await bench.call("start", "c")).stderr, /cannot start a container that has stopped/);
      await bench.ok("delete", "c");
      assert.equal((await bench.call("state", "c")).code, 1);
      assert.deepEqual([...Deno.readDirSync(bench.root)].map(({ name }) => name), ["~lock"]);
    }),
);

testWhen(
  unix,
  "run: the exit code is the program's, the container is gone afterwards",
  () =>
    withBench(async (bench) => {
      for (const [args, code] of [[["exit", "7"], 7], [["abort"], 134], [["args", "x"], 0]] as const) {
        const bundle = bench.bundle("b", args);
        assert.equal((await bench.call("run", "-b", bundle, "c")).code, code, args.join(" "));
        await Deno.remove(bundle, { recursive: true });
      }
      const lines = bench.bundle("b", ["lines"]);
      assert.equal(
        (await bench.spawn(["run", "-b", lines, "c"], { stdin: "one\n" }).result).stdout,
        "got one\n",
      );
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);

testWhen(
  unix,
  "run in the foreground passes signals on, and dies as the program does",
  () =>
    withBench(async (bench) => {
      const bundle = bench.bundle("b", ["sleep", LONG]);
      const { child, result } = bench.spawn(["run", "-b", bundle, "c"]);
      let over = false;
      void result.then(() => over = true);
      while (!over && !(await bench.call("state", "c")).stdout.includes('"running"')) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill("SIGTERM");
      assert.equal((await result).code, 143);
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);

testWhen(
  unix,
  "kill: signals reach the program, SIGKILL ends one that computes, all errors are told",
  () =>
    withBench(async (bench) => {
      for (const [args, signal, status] of [[["sleep", LONG], "USR1", 138], [["spin"], "9", 137]] as const) {
        const bundle = bench.bundle(`b${status}`, args);
        await bench.ok("run", "-d", "-b", bundle, "c");
        await bench.ok("kill", "c", signal);
        const { exitStatus } = await bench.stopped("c");
        assert.equal(exitStatus, status);
        const { code, stderr } = await bench.call("kill", "c", signal);
        assert.deepEqual([code, /container not running/.test(stderr)], [1, true]);
        await bench.ok("delete", "c");
      }
      assert.match((await bench.call("kill", "c", "SIGNONSENSE")).stderr, /unknown signal "SIGNONSENSE"/);
      assert.match((await bench.call("kill", "c")).stderr, /does not exist/);
    }),
);

testWhen(unix, "a created container can be killed before it is started", () =>
  withBench(async (bench) => {
    await bench.ok("create", "-b", bench.bundle("b", ["args", "x"]), "c");
    await bench.ok("kill", "c", "TERM");
    assert.equal((await bench.stopped("c")).exitStatus, 143);
  }));

testWhen(
  unix,
  "delete: not what is not stopped, except by force; what is not there is no error then",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG]), "c");
      const { code, stderr } = await bench.call("delete", "c");
      assert.deepEqual([code, /not stopped: running/.test(stderr)], [1, true]);
      await bench.ok("delete", "--force", "c");
      await bench.ok("delete", "--force", "c");
      assert.match((await bench.call("delete", "c")).stderr, /container "c" does not exist/);
    }),
);

testWhen(unix, "pause and resume hold a container whatever it does", () =>
  withBench(async (bench) => {
    await bench.ok("run", "-d", "-b", bench.bundle("b", ["spin"]), "c");
    await bench.ok("pause", "c");
    assert.equal((await bench.state("c")).status, "paused");
    if (Deno.build.os === "linux") {
      const stat = Deno.readTextFileSync(`/proc/${(await bench.state("c")).pid}/stat`);
      assert.match(stat, /^\d+ \(.*\) T /);
    }
    assert.match((await bench.call("pause", "c")).stderr, /it is paused/);
    await bench.ok("resume", "c");
    assert.equal((await bench.state("c")).status, "running");
    await bench.ok("pause", "c");
    await bench.ok("delete", "-f", "c");
  }));

testWhen(
  unix,
  "exec: streams, arguments, environment, exit codes, signals",
  () =>
    withBench(async (bench) => {
      await bench.ok(
        "run",
        "-d",
        "-b",
        bench.bundle("b", ["sleep", LONG], { process: { env: ["A=own"] } }),
        "c",
      );
      assert.equal(await bench.ok("exec", "c", "/probe.wasm", "args", "in", "there"), "in\nthere\n");
      assert.equal((await bench.call("exec", "c", "/probe.wasm", "exit", "9")).code, 9);
      assert.equal((await bench.call("exec", "c", "/probe.wasm", "abort")).code, 134);
      assert.match(await bench.ok("exec", "-e", "B=more", "c", "/probe.wasm", "env"), /^A=own\nB=more$/m);
      const lines = await bench.spawn(["exec", "c", "/probe.wasm", "lines"], { stdin: "a\nb\n" }).result;
      assert.equal(lines.stdout, "got a\ngot b\n");
      const missing = await bench.call("exec", "c", "/nope");
      assert.deepEqual([missing.code, /no such file or directory/.test(missing.stderr)], [255, true]);
      const { child, result } = bench.spawn(["exec", "c", "/probe.wasm", "sleep", LONG]);
      while (!(JSON.parse(await bench.ok("ps", "-f", "json", "c")) as number[]).includes(child.pid)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill("SIGTERM");
      assert.equal((await result).code, 143);
      assert.equal((await bench.state("c")).status, "running");
    }),
);

testWhen(
  unix,
  "exec --detach: a process of its own whose id is in the pid file, with process.json",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG]), "c");
      const file = `${bench.dir}/process.json`, pidFile = `${bench.dir}/pid`;
      Deno.writeTextFileSync(file, JSON.stringify({ cwd: "/", args: ["/probe.wasm", "sleep", LONG] }));
      await bench.ok("exec", "--detach", "--pid-file", pidFile, "--process", file, "c");
      const pid = Number(Deno.readTextFileSync(pidFile)), { pid: init } = await bench.state("c");
      assert.deepEqual(JSON.parse(await bench.ok("ps", "--format", "json", "c")), [init, pid]);
      Deno.kill(pid, "SIGTERM");
      while ((JSON.parse(await bench.ok("ps", "--format", "json", "c")) as number[]).length > 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const failed = await bench.call("exec", "-d", "c", "/nope");
      assert.deepEqual([failed.code, /no such file/.test(failed.stderr)], [255, true]);
    }),
);

testWhen(unix, "what exec has started ends with its container", () =>
  withBench(async (bench) => {
    await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG]), "c");
    const { result } = bench.spawn(["exec", "c", "/probe.wasm", "sleep", LONG]);
    while ((JSON.parse(await bench.ok("ps", "-f", "json", "c")) as number[]).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await bench.ok("kill", "c", "KILL");
    assert.equal((await result).code, 137);
  }));

testWhen(
  unix,
  "exec in a container whose program computes says why it cannot be",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["spin"]), "c");
      for (const more of [[], ["-d"]]) {
        const { code, stderr } = await bench.call("exec", ...more, "c", "/probe.wasm", "args");
        assert.deepEqual([code, /computes without a pause/.test(stderr)], [255, true], stderr);
      }
    }),
);

testWhen(unix, "kill --all reaches every process of the container", () =>
  withBench(async (bench) => {
    await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG]), "c");
    const { result } = bench.spawn(["exec", "c", "/probe.wasm", "sleep", LONG]);
    while ((JSON.parse(await bench.ok("ps", "-f", "json", "c")) as number[]).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await bench.ok("kill", "--all", "c", "TERM");
    assert.ok([137, 143].includes((await result).code)); // its own signal, or the end of its container
    assert.equal((await bench.stopped("c")).exitStatus, 143);
  }));

testWhen(
  linux,
  "no descriptor and no variable of the caller gets into the host process",
  () =>
    withBench(async (bench) => {
      const bundle = bench.bundle("b", ["args"]), words = ["create", "-b", bundle, "c"];
      const command = [...runtimeCommand(bench.root), ...words].map((word) => `'${word}'`).join(" ");
      const script = `exec 9<'${bundle}/config.json'; exec ${command} </dev/null >/dev/null 2>&1`;
      const env = { _OCI_SYNCPIPE: "9", SECRET: "x" };
      const { code } = await new Deno.Command("/bin/sh", { args: ["-c", script], env }).output();
      assert.equal(code, 0);
      const { pid } = await bench.state("c");
      const open = [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => {
        try {
          return Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
        } catch {
          return ""; // it has been closed meanwhile
        }
      });
      assert.ok(!open.includes(`${bundle}/config.json`), open.join(" "));
      assert.doesNotMatch(Deno.readTextFileSync(`/proc/${pid}/environ`), /SECRET|_OCI_/);
    }),
);

testWhen(
  unix,
  "a program that computes can be stopped by any signal where that was asked for",
  () =>
    withBench(async (bench) => {
      const annotations = { "umiak.interruptible": "true" };
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["spin"], { annotations }), "c");
      await bench.ok("exec", "c", "/probe.wasm", "args", "beside it");
      await bench.ok("kill", "c", "TERM");
      assert.equal((await bench.stopped("c")).exitStatus, 143);
    }),
);

testWhen(linux, "events --stats and ps", () =>
  withBench(async (bench) => {
    const resources = { memory: { limit: 1 << 28 }, pids: { limit: 10 } };
    await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG], { linux: { resources } }), "c");
    const { type, id, data } = JSON.parse(await bench.ok("events", "--stats", "c"));
    assert.deepEqual([type, id, data.memory.usage.limit, data.pids], [
      ...["stats", "c", 1 << 28, { current: 1, limit: 10 }],
    ]);
    assert.ok(data.memory.usage.usage > 0 && data.cpu.usage.total > 0);
    const { pid } = await bench.state("c");
    assert.match(await bench.ok("ps", "c"), new RegExp(`PID.*\\n.*\\b${pid}\\b`));
  }));

testWhen(unix, "list: a table, JSON, ids", () =>
  withBench(async (bench) => {
    for (const id of ["b", "a"]) await bench.ok("create", "-b", bench.bundle(id, ["args"]), id);
    assert.equal(await bench.ok("list", "--quiet"), "a\nb\n");
    assert.match(await bench.ok("list"), /^ID +PID +STATUS +BUNDLE +CREATED +OWNER\na +\d+ +created/);
    const json = JSON.parse(await bench.ok("list", "-f", "json")) as { id: string; status: string }[];
    assert.deepEqual(json.map(({ id, status }) => [id, status]), [["a", "created"], ["b", "created"]]);
  }));

testWhen(
  unix,
  "errors are JSON lines in the log, and one line on standard error",
  () =>
    withBench(async (bench) => {
      const log = `${bench.dir}/log`;
      const { code, stderr } = await bench.call("--log", log, "--log-format", "json", "start", "no");
      assert.equal(code, 1);
      const { level, msg, time } = JSON.parse(Deno.readTextFileSync(log));
      assert.deepEqual([level, msg], ["error", 'container "no" does not exist']);
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(stderr, 'container "no" does not exist\n');
      await bench.call("--log-format=text", "start", "no");
      assert.match(bench.rawError, /^time="[^"]+" level=error msg="container/);
    }),
);

testWhen(
  unix,
  "a create that cannot be leaves nothing: any wrong config.json, with its path",
  () =>
    withBench(async (bench) => {
      const bad: [string, Record<string, unknown>, RegExp][] = [
        [
          "cwd",
          { process: { cwd: "relative" } },
          /config\.json: process\.cwd: "relative" is not an absolute path/,
        ],
        ["root", { root: { path: "nowhere" } }, /root\.path: .*nowhere: no such file or directory/],
        [
          "namespaces",
          { linux: { namespaces: [{ type: "x" }] } },
          /linux\.namespaces\[0\]\.type: unknown namespace/,
        ],
        ["program", { process: { args: ["/nope"] } }, /executing "\/nope": no such file or directory/],
        ["path", { process: { args: ["nope"] } }, /executable file not found in \$PATH/],
        [
          "native",
          { process: { args: ["/etc-passwd"] } },
          // On Linux it is a native program: nobody may execute it, or others than root may make no container of it.
          /"\/etc-passwd" is not a WebAssembly module.*native backend|"\/etc-passwd": permission denied|not permitted/,
        ],
        ["handler", { annotations: { "run.oci.handler": "krun" } }, /there is no handler "krun"/],
        ["mount", { mounts: [{ destination: "/x", type: "nofs" }] }, /mounting nofs on \/x/],
        [
          "bind",
          { mounts: [{ destination: "/x", type: "bind", source: "/no/such" }] },
          /mounting \/no\/such on \/x: no/,
        ],
        ["tty", { process: { terminal: true } }, /cannot allocate tty/],
      ];
      for (const [id, more, message] of bad) {
        const bundle = bench.bundle(id, ["args"], more);
        Deno.writeTextFileSync(`${bundle}/rootfs/etc-passwd`, "root");
        const { code, stderr } = await bench.call("create", "-b", bundle, id);
        assert.deepEqual([code, message.test(stderr)], [1, true], `${id}: ${stderr}`);
        assert.equal(stderr.trim().split("\n").length, 1, stderr);
      }
      assert.match((await bench.call("create", "c")).stderr, /reading .*\/config\.json: no such file/);
      assert.match(
        (await bench.call("create", "-b", bench.bundle("ok", []), "../x")).stderr,
        /container id "\.\.\/x"/,
      );
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);

testWhen(unix, "wasm by annotation, whatever the file looks like", () =>
  withBench(async (bench) => {
    const bundle = bench.bundle("b", [], {
      process: { args: ["/not.wasm"] },
      annotations: { "module.wasm.image/variant": "compat-smart" },
    });
    Deno.writeTextFileSync(`${bundle}/rootfs/not.wasm`, "no module", { mode: 0o755 });
    await bench.ok("create", "-b", bundle, "c");
    const { code, stderr } = await bench.call("start", "c");
    assert.deepEqual([code, /it is not a WebAssembly module/.test(stderr)], [1, true]);
    assert.equal((await bench.stopped("c")).status, "stopped");
  }));

testWhen(
  unix,
  "update changes limits of a container that runs, or says why not",
  () =>
    withBench(async (bench) => {
      const linux = { resources: { memory: { limit: 1 << 26 }, pids: { limit: 5 } } };
      const mounts = [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] },
      ];
      await bench.ok("run", "-d", "-b", bench.bundle("b", ["sleep", LONG], { linux, mounts }), "c");
      const file = async (name: string): Promise<string> => {
        const path = (await bench.ok("exec", "c", "/probe.wasm", "cat", "/proc/self/cgroup")).trim().replace(
          "0::",
          "",
        );
        return (await bench.ok("exec", "c", "/probe.wasm", "cat", `/sys/fs/cgroup${path}/${name}`)).trim();
      };
      assert.deepEqual([await file("memory.max"), await file("pids.max")], [String(1 << 26), "5"]);
      await bench.ok("update", "--memory", String(1 << 27), "--pids-limit", "7", "c");
      assert.deepEqual([await file("memory.max"), await file("pids.max")], [String(1 << 27), "7"]);
      const resources = {
        cpu: { quota: 50000, period: 100000 },
        pids: { limit: -1 },
        devices: [],
        unified: {},
      };
      const all = await bench.spawn(["update", "--resources", "-", "c"], { stdin: JSON.stringify(resources) })
        .result;
      assert.equal(all.code, 0, all.stderr);
      assert.deepEqual([await file("cpu.max"), await file("pids.max")], ["50000 100000", "max"]);
      for (
        const [text, message] of [
          ['{"memory":{"limit":"x"}}', /memory\.limit: expected a number/],
          [
            '{"unified":{"no.such":"1"}}',
            /updating container "c": writing "1" to no\.such: no such file or directory/,
          ],
        ] as const
      ) {
        const { code, stderr } = await bench.spawn(["update", "-r", "-", "c"], { stdin: text }).result;
        assert.deepEqual([code, message.test(stderr)], [1, true], stderr);
      }
    }),
);

testWhen(unix, "a socket path that would be too long is made shorter", () =>
  withBench(async (bench) => {
    const root = `${bench.dir}/${"deep/".repeat(30)}state`;
    const bundle = bench.bundle("b", ["sleep", LONG]);
    await bench.ok("--root", root, "run", "-d", "-b", bundle, "c");
    await bench.ok("--root", root, "exec", "c", "/probe.wasm", "args", "x");
    const { data } = JSON.parse(Deno.readTextFileSync(`${root}/c/state.json`));
    await bench.ok("--root", root, "delete", "--force", "c");
    assert.throws(() => Deno.statSync(data.sockets), Deno.errors.NotFound);
  }));

Deno.test("spec, features, --version, help, unknown verbs", () =>
  withBench(async (bench) => {
    await bench.ok("spec", "-b", bench.dir);
    parseSpec(Deno.readTextFileSync(`${bench.dir}/config.json`));
    assert.match((await bench.call("spec", "-b", bench.dir)).stderr, /it exists already/);
    await Deno.remove(`${bench.dir}/config.json`);
    await bench.ok("spec", "--rootless", "-b", bench.dir);
    assert.equal(parseSpec(Deno.readTextFileSync(`${bench.dir}/config.json`)).linux.uidMappings?.length, 1);
    const features = parseFeatures(await bench.ok("features"));
    assert.equal(features.hooks?.length, 6);
    assert.ok(features.mountOptions?.includes("rro"));
    assert.match(await bench.ok("--version"), /^umiak-runtime version \d+\.\d+\.\d+\nspec: 1\./);
    for (const words of [["--help"], ["create", "--help"]]) {
      assert.match(await bench.ok(...words), /^Usage: umiak-runtime/m);
    }
    const checkpoint = await bench.call("checkpoint", "--help"); // how callers ask whether there is such a thing
    assert.deepEqual([checkpoint.code, /unknown command "checkpoint"/.test(checkpoint.stderr)], [1, true]);
    for (const words of [["state"], ["start"], ["kill"], ["delete"], ["create"]]) {
      const { code, stderr } = await bench.call(...words);
      assert.deepEqual([code, /missing argument: ID/.test(stderr)], [1, true], words.join(" "));
    }
  }));
