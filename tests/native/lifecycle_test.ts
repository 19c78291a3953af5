import assert from "node:assert/strict";
import { CAPABILITIES } from "../../runtime/abi/linux/capability.ts";
import { processesWith, withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { type Config, NATIVE, nativeBundle } from "./support.ts";

const state = (pid: number): string => Deno.readTextFileSync(`/proc/${pid}/status`);

testWhen(
  NATIVE,
  "create, start, exec, ps, kill, delete as processes of their own",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(
        bench,
        "b",
        "echo begun; hostname; trap 'exit 9' TERM; while :; do sleep 0.05; done",
      );
      await bench.ok("create", "-b", bundle, "--pid-file", `${bench.dir}/pid`, "c");
      const created = bench.calls, { pid, status } = await bench.state("c");
      assert.deepEqual([status, String(pid)], ["created", Deno.readTextFileSync(`${bench.dir}/pid`)]);
      assert.match(state(pid), /^Name:\tumiak-init\n/);
      assert.match(state(pid), /^NSpid:\t\d+.*\t1$/m);
      assert.equal(bench.output(created), "");
      await bench.ok("start", "c");
      assert.equal((await bench.state("c")).status, "running");
      const own = await bench.call(
        "exec",
        "-e",
        "A=b",
        "--cwd",
        "/usr",
        "c",
        "sh",
        "-c",
        "echo $A; pwd; hostname; exit 7",
      );
      assert.deepEqual([own.code, own.stdout], [7, "b\n/usr\numiak\n"]);
      assert.deepEqual(JSON.parse(await bench.ok("ps", "-f", "json", "c")).includes(pid), true);
      assert.equal(bench.output(created), "begun\numiak\n");
      await bench.ok("kill", "c", "TERM");
      await bench.stopped("c");
      await bench.ok("delete", "c");
      assert.deepEqual([...Deno.readDirSync(bench.root)].filter(({ name }) => !name.startsWith("~")), []);
    }),
);

testWhen(NATIVE, "run: the exit code, or 128 and the signal", () =>
  withBench(async (bench) => {
    for (const [script, code] of [["exit 42", 42], ["kill -9 $$", 0], ["true", 0]] as const) {
      const name = `b${bench.calls}`;
      const result = await bench.call("run", "-b", nativeBundle(bench, name, script), "c");
      assert.deepEqual([result.code, result.stderr], [code, ""], script); // process 1 of a pid namespace ignores its own SIGKILL
    }
    const bundle = nativeBundle(bench, "killed", "exec sleep 1000");
    const { result } = bench.spawn(["run", "-b", bundle, "k"]);
    for (;;) {
      const { code, stdout } = await bench.call("state", "k");
      if (code === 0 && JSON.parse(stdout).status === "running") break;
    }
    await bench.ok("kill", "k", "KILL");
    assert.equal((await result).code, 137);
  }));

testWhen(
  NATIVE,
  "what create cannot do: exact errors, and nothing is left",
  () =>
    withBench(async (bench) => {
      const bad: readonly (readonly [string, Parameters<typeof nativeBundle>[3], RegExp])[] = [
        ["path", (c) => c.process.args = ["nope"], /^executing "nope": executable file not found in \$PATH/],
        [
          "file",
          (c) => c.process.args = ["/usr/nope"],
          /^executing "\/usr\/nope": no such file or directory/,
        ],
        ["x", (c) => c.process.args = ["/etc/passwd"], /^executing "\/etc\/passwd": permission denied/],
        [
          "mount",
          (c) => c.mounts.push({ destination: "/tmp", type: "tmpfs", source: "t", options: ["bogus=1"] }),
          /^mounting tmpfs on \/tmp: option bogus=1: invalid argument/,
        ],
        [
          "source",
          (c) => c.mounts.push({ destination: "/tmp", type: "bind", source: "/no/such", options: ["bind"] }),
          /^mounting \/no\/such on \/tmp: source \/no\/such: no such file or directory/,
        ],
        ...Deno.readTextFileSync("/proc/self/mountinfo").includes(" - selinuxfs ") ? [] : [
          [
            "selinux",
            (c: Config) => c.process.selinuxLabel = "a:b:c",
            /process\.selinuxLabel: selinux label is specified in config, but selinux is disabled or not supported/,
          ] as const,
          ["label", (c: Config) =>
            c.linux.mountLabel = "a:b:c", /linux\.mountLabel: selinux label is/] as const,
        ],
        [
          "memory",
          (c) =>
            c.linux.intelRdt = { closID: "x" },
          /linux\.intelRdt: no resctrl filesystem is mounted|linux\.intelRdt\.closID: there is no/,
        ],
        [
          "namespace",
          (c) =>
            c.linux.namespaces = [{ type: "pid" }],
          /linux\.namespaces: a mount namespace of its own is required/,
        ],
        [
          "joined",
          (c) => c.linux.namespaces.push({ type: "time", path: "/no/such" }),
          /^joining the time namespace \/no\/such: no such file or directory/,
        ],
        ["tty", (c) => c.process.terminal = true, /cannot allocate tty/],
      ];
      for (const [name, change, message] of bad) {
        const bundle = nativeBundle(bench, name, "true", change);
        Deno.writeTextFileSync(`${bundle}/rootfs/etc/passwd`, "root", { mode: 0o644 });
        const { code, stderr } = await bench.call("create", "-b", bundle, `c-${name}`);
        assert.deepEqual([code, message.test(stderr)], [1, true], `${name}: ${stderr}`);
      }
      assert.equal(await bench.ok("list", "-q"), "");
      assert.deepEqual(processesWith(bench.dir), []);
    }),
);

testWhen(NATIVE, "start says why the program cannot be executed", () =>
  withBench(async (bench) => {
    const bundle = nativeBundle(bench, "b", "true", (config) => config.process.args = ["/etc/program"]);
    Deno.writeTextFileSync(`${bundle}/rootfs/etc/program`, "\x7fELF nonsense", { mode: 0o755 });
    await bench.ok("create", "-b", bundle, "c");
    const { code, stderr } = await bench.call("start", "c");
    assert.deepEqual([code, stderr], [1, 'executing "/etc/program": exec format error (ENOEXEC)\n']);
    assert.equal((await bench.stopped("c")).status, "stopped");
    assert.match((await bench.call("start", "c")).stderr, /cannot start a container that has stopped/);
  }));

testWhen(
  NATIVE,
  "hooks run in their namespaces, are told the state, and can stop a container",
  () =>
    withBench(async (bench) => {
      const note = (name: string) => ({
        path: "/bin/sh",
        args: [
          "sh",
          "-c",
          `{ cat; echo; hostname; ls -d ${bench.dir} /rooted; } >>${bench.dir}/out 2>/dev/null || :; echo ${name} >>${bench.dir}/names`,
        ],
      });
      const bundle = nativeBundle(bench, "b", "true", (config) => {
        config.hooks = {
          createRuntime: [note("createRuntime")],
          createContainer: [note("createContainer")],
          startContainer: [{ path: "/bin/sh", args: ["sh", "-c", "hostname; ls -d /rooted; exit 3"] }],
        };
      });
      Deno.mkdirSync(`${bundle}/rootfs/rooted`);
      await bench.ok("create", "-b", bundle, "c");
      assert.equal(Deno.readTextFileSync(`${bench.dir}/names`), "createRuntime\ncreateContainer\n");
      const [first, , , second, name, directory] = Deno.readTextFileSync(`${bench.dir}/out`).split("\n");
      assert.equal(JSON.parse(first!).pid, (await bench.state("c")).pid);
      assert.deepEqual([JSON.parse(second!).pid, JSON.parse(second!).status, name], [
        1,
        "creating",
        Deno.hostname(),
      ]);
      assert.equal(directory, bench.dir); // the root has not been changed yet
      const { code, stderr } = await bench.call("start", "c");
      assert.deepEqual([code, stderr], [
        1,
        "error running startContainer hook #0: /bin/sh: exit status 3, output: umiak /rooted\n",
      ]);
      assert.match((await bench.call("state", "c")).stderr, /does not exist/);
    }),
);

testWhen(
  NATIVE,
  "namespaces are joined by their paths, also those of another container",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "a", "exec sleep 1000"), "a");
      const { pid } = await bench.state("a");
      const bundle = nativeBundle(
        bench,
        "b",
        "hostname; readlink /proc/self/ns/net; ls /proc | grep -c '^[0-9]'",
        (config) => {
          delete config.hostname;
          config.linux.namespaces = ["pid", "network", "uts", "ipc"].map((type) => ({
            type,
            path: `/proc/${pid}/ns/${type === "network" ? "net" : type}`,
          })).concat([{ type: "mount" }] as never);
        },
      );
      const { stdout, stderr } = await bench.call("run", "-b", bundle, "b");
      const [hostname, network, processes] = stdout.split("\n");
      assert.deepEqual([hostname, network], ["umiak", Deno.readLinkSync(`/proc/${pid}/ns/net`)], stderr);
      assert.ok(Number(processes) >= 2, processes);
    }),
);

testWhen(
  { ...NATIVE, tools: ["script"] },
  "run and exec with a terminal in the foreground",
  () =>
    withBench(async (bench) => {
      const script = "test -t 0 && tty; test /dev/console -ef /dev/pts/0 && echo console; exit 3";
      const bundle = nativeBundle(bench, "b", script, (config) => config.process.terminal = true);
      const { runtimeCommand } = await import("../runtime/support.ts");
      const words = [...runtimeCommand(bench.root), "run", "-b", bundle, "c"];
      const { code, stdout } = await new Deno.Command("script", {
        args: ["-qec", words.map((word) => `'${word}'`).join(" "), "/dev/null"],
        stdin: "null",
      }).output();
      // What script(1) types at the end of its input may be echoed.
      const said = new TextDecoder().decode(stdout).replace(/\^[@D][\b]*/g, "");
      assert.deepEqual([code, said], [3, "/dev/pts/0\r\nconsole\r\n"]);
    }),
);

testWhen(NATIVE, "time namespaces have their offsets", () =>
  withBench(async (bench) => {
    const bundle = nativeBundle(
      bench,
      "b",
      "cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets",
      (config) => {
        config.linux.namespaces.push({ type: "time" });
        config.linux.timeOffsets = { boottime: { secs: 1_000_000, nanosecs: 0 } };
      },
    );
    const { stdout } = await bench.call("run", "-b", bundle, "c");
    assert.ok(Number(stdout.split("\n")[0]) >= 1_000_000, stdout);
    assert.match(stdout, /boottime +1000000 +0/);
  }));

testWhen(
  NATIVE,
  "killing umiak-runtime at any moment of create leaves nothing that delete --force does not take away",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(bench, "b", `exec sleep 1000 ${bench.dir}`);
      for (let i = 0; i < 12; i++) {
        const { child, result } = bench.spawn(["create", "-b", bundle, "c"]);
        await new Promise((resolve) => setTimeout(resolve, 40 + 12 * i));
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await result;
        await bench.ok("delete", "--force", "c");
        assert.equal(await bench.ok("list", "-q"), "");
      }
      for (let i = 0; processesWriting(bench.dir).length > 0; i++) {
        assert.ok(i < 5000, "an init has been left");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }),
);

testWhen(NATIVE, "all capabilities are those that the runtime has", () =>
  withBench(async (bench) => {
    const own = /^CapPrm:.*$/m.exec(Deno.readTextFileSync("/proc/self/status"))![0];
    const bundle = nativeBundle(bench, "b", "grep CapPrm /proc/self/status", (config) => {
      const all = [...CAPABILITIES];
      config.process.capabilities = { bounding: all, effective: all, permitted: all };
    });
    const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
    assert.equal(stdout.trim(), own, stderr);
  }));

/** Processes whose standard output is a file below a directory. */
function processesWriting(directory: string): string[] {
  return [...Deno.readDirSync("/proc")].map((entry) => entry.name).filter((pid) => {
    try {
      return /^\d+$/.test(pid) && Deno.readLinkSync(`/proc/${pid}/fd/1`).startsWith(`${directory}/`);
    } catch {
      return false; // it has ended
    }
  });
}
