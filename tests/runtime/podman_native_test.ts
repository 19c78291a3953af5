/** Debian's podman with umiak-runtime: a linux image on the host's kernel, from run to rm. @module */
import assert from "node:assert/strict";
import { fillRootfs, limitOf, WITH_BUSYBOX, WITHOUT_VERSION1 } from "../native/busybox.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { withDirectory } from "../support/umiak.ts";
import { writeRuntime } from "./caller.ts";
import { cleanUp, PODMAN, Podman } from "./podman.ts";

const IMAGE = "localhost/busybox:v1", LONG = "100000";
const needs = {
  ...PODMAN,
  tools: [...PODMAN.tools, "tar", "script"],
  missing: reasonAgainst(WITH_BUSYBOX),
};

/** podman's own limits are more than a machine without CAP_SYS_RESOURCE may set. */
const CONFIGURATION = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n';

/** Imports a root filesystem of busybox. */
async function importImage(podman: Podman): Promise<void> {
  const { dir } = podman;
  fillRootfs(`${dir}/rootfs`);
  const tar = await new Deno.Command("tar", {
    args: ["-C", `${dir}/rootfs`, "-cf", `${dir}/rootfs.tar`, "."],
  }).output();
  assert.ok(tar.success);
  await podman.ok("import", "-q", "-c", "CMD /bin/sh", `${dir}/rootfs.tar`, IMAGE);
}

/** Runs `f` with a podman that is gone afterwards. */
function withPodman(f: (podman: Podman) => Promise<void>): Promise<void> {
  return withDirectory(async (dir) => {
    const podman = new Podman(dir, { CONTAINERS_CONF: `${dir}/containers.conf` });
    await Deno.writeTextFile(`${dir}/containers.conf`, CONFIGURATION);
    await writeRuntime(dir);
    try {
      await importImage(podman);
      await f(podman);
    } finally {
      await cleanUp(podman);
    }
    assert.deepEqual([...Deno.readDirSync(`${dir}/state`)].map(({ name }) => name), ["~lock"]);
  });
}

const run = (...args: string[]): string[] => ["run", "--network", "none", ...args];

testWhen(
  needs,
  "podman runs a linux image: output, exit codes, errors, logs, exec, pause, stop, kill, restart, rm",
  () =>
    withPodman(async (podman) => {
      const sh = (script: string): Promise<{ code: number; stdout: string; stderr: string }> =>
        podman.call(run("--rm", IMAGE, "sh", "-c", script));
      assert.deepEqual(await sh("echo out; echo err >&2; exit 7"), {
        code: 7,
        stdout: "out\n",
        stderr: "err\n",
      });
      assert.equal((await sh("sh -c 'kill -ABRT $$'; exit $?")).code, 134);
      const missing = await podman.call(run("--rm", IMAGE, "/nope"));
      assert.deepEqual(
        [missing.code, /no such file or directory/.test(missing.stderr)],
        [127, true],
        missing.stderr,
      );
      const forbidden = await podman.call(run("--rm", IMAGE, "/etc/passwd"));
      assert.deepEqual(
        [forbidden.code, /permission denied/.test(forbidden.stderr)],
        [126, true],
        forbidden.stderr,
      );
      assert.equal((await podman.call(run("--rm", "-i", IMAGE, "cat"), "typed\n")).stdout, "typed\n");

      await podman.ok(
        ...run(
          "-d",
          "--name",
          "long",
          IMAGE,
          "sh",
          "-c",
          `trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done`,
        ),
      );
      const status = (): Promise<string> =>
        podman.ok("inspect", "long", "--format", "{{.State.Status}} {{.State.ExitCode}}");
      assert.equal(await status(), "running 0");
      assert.equal(await podman.ok("exec", "long", "echo", "inside"), "inside");
      assert.equal((await podman.call(["exec", "long", "sh", "-c", "exit 9"])).code, 9);
      assert.equal((await podman.call(["exec", "long", "/nope"])).code, 127);
      assert.equal((await podman.call(["exec", "-i", "long", "cat"], "x\n")).stdout, "x\n");
      assert.equal(
        await podman.ok(
          "exec",
          "-u",
          "1000:1000",
          "-w",
          "/tmp",
          "-e",
          "A=b",
          "long",
          "sh",
          "-c",
          "id -u; echo $PWD $A",
        ),
        "1000\n/tmp b",
      );
      assert.match(await podman.ok("exec", "-t", "long", "tty"), /^\/dev\/pts\/\d+$/);
      await podman.ok("exec", "-d", "long", "sh", "-c", "sleep 0.1; echo later >/tmp/later");
      while ((await podman.call(["exec", "long", "cat", "/tmp/later"])).stdout !== "later\n");
      await podman.ok("pause", "long");
      assert.equal(await status(), "paused 0");
      await podman.ok("unpause", "long");
      assert.match(
        await podman.ok("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", "long"),
        /^long [1-9]/,
      );
      assert.match(await podman.ok("top", "long", "pid", "args"), /^PID/);
      await podman.ok("stop", "long");
      assert.equal(await status(), "exited 3");
      assert.equal(await podman.ok("logs", "long"), "up\nbye");
      await podman.ok("start", "long");
      assert.equal(await status(), "running 0");
      await podman.ok("restart", "long");
      assert.equal(await status(), "running 0");
      await podman.ok("kill", "long");
      await podman.ok("wait", "long");
      assert.equal(await status(), "exited 137");
      await podman.ok("rm", "long");
      assert.equal(await podman.ok("ps", "-a", "-q"), "");
    }),
);

testWhen(
  needs,
  "podman on a terminal: run -it and exec -it",
  () =>
    withPodman(async (podman) => {
      const keys = [["# ", "echo a$((40+2)); tty\n"], ["a42", "exit 5\n"]] as const;
      const shell = await podman.onTerminal(run("-it", "--rm", IMAGE, "sh"), keys);
      assert.deepEqual(
        [shell.code, /\/dev\/pts\/0|\/dev\/console/.test(shell.stdout)],
        [5, true],
        shell.stdout,
      );
      // pid 1 takes no signal that it does not ask for.
      const asks = 'trap "exit 130" INT; echo ready; while :; do sleep 0.1; done';
      const interrupted = await podman.onTerminal(
        run("-it", "--rm", IMAGE, "sh", "-c", asks),
        [["ready", "\x03"]],
      );
      assert.equal(interrupted.code, 130);
      await podman.ok(...run("-d", "--name", "long", IMAGE, "sleep", LONG));
      const inside = await podman.onTerminal(["exec", "-it", "long", "sh"], [
        ["# ", "tty; echo b$((40+2))\n"],
        ["b42", "\x04"],
      ]);
      assert.equal(inside.code, 0, inside.stdout);
      assert.match(inside.stdout, /\/dev\/pts\/\d+\r\nb42/);
    }),
);

testWhen(
  { ...needs, missing: needs.missing ?? WITHOUT_VERSION1 },
  "podman's limits: memory, pids, cpus; update changes them while it runs",
  () =>
    withPodman(async (podman) => {
      const big = ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"];
      const memory = ["-m", "24m", "--memory-swap", "24m"];
      assert.equal((await podman.call(run("--rm", ...memory, IMAGE, ...big))).code, 137);
      const forks = "i=0; while [ $i -lt 20 ]; do sleep 5 & i=$((i+1)); done; echo all";
      const few = await podman.call(run("--rm", "--pids-limit", "8", IMAGE, "sh", "-c", forks));
      assert.deepEqual([few.code === 0, few.stdout], [false, ""], few.stderr);
      const limits = ["-m", "64m", "--pids-limit", "50", "--cpus", "0.5", "--cpu-shares", "512"];
      await podman.ok(...run("-d", "--name", "limited", ...limits, IMAGE, "sleep", LONG));
      const stats = await podman.ok("stats", "--no-stream", "--format", "{{.MemUsage}}", "limited");
      assert.match(stats, /\/ 67\.11MB$/);
      const pid = await podman.ok("inspect", "limited", "--format", "{{.State.Pid}}");
      const now = (): string[] => [
        limitOf(pid, "memory", "memory.limit_in_bytes"),
        limitOf(pid, "pids", "pids.max"),
        limitOf(pid, "cpu", "cpu.cfs_quota_us"),
        limitOf(pid, "cpu", "cpu.shares"),
      ];
      assert.deepEqual(now(), [String(64 << 20), "50", "50000", "512"]);
      await podman.ok(
        "update",
        "-m",
        "128m",
        "--memory-swap",
        "128m",
        "--cpus",
        "1",
        "--cpu-shares",
        "256",
        "limited",
      );
      assert.deepEqual(now(), [String(128 << 20), "50", "100000", "256"]);
    }),
);

testWhen(
  needs,
  "podman pods of a linux image, and containers that join another one's namespaces",
  () =>
    withPodman(async (podman) => {
      const infra = ["--infra-image", IMAGE, "--infra-command", `/bin/sleep ${LONG}`];
      await podman.ok("pod", "create", "--name", "pod", "--network", "none", "--hostname", "pod", ...infra);
      await podman.ok("pod", "start", "pod");
      const inPod = (...args: string[]): string[] => ["run", "--pod", "pod", ...args];
      assert.equal(await podman.ok(...inPod("--rm", IMAGE, "hostname")), "pod");
      await podman.ok(
        ...inPod("-d", "--name", "member", IMAGE, "sh", "-c", `ifconfig lo 127.0.0.1; exec sleep ${LONG}`),
      );
      const net = (id: string): Promise<string> => podman.ok("exec", id, "readlink", "/proc/self/ns/net");
      const other = await podman.ok(...inPod("--rm", IMAGE, "readlink", "/proc/self/ns/net"));
      assert.equal(await net("member"), other);
      await podman.ok("pod", "stop", "-t", "1", "pod");
      assert.equal(
        await podman.ok("inspect", "member", "--format", "{{.State.Status}} {{.State.ExitCode}}"),
        "exited 137",
      );
      await podman.ok("pod", "start", "pod");
      assert.equal(await podman.ok("inspect", "member", "--format", "{{.State.Status}}"), "running");
      await podman.ok("pod", "pause", "pod");
      await podman.ok("pod", "unpause", "pod");
      await podman.ok(...run("-d", "--name", "first", IMAGE, "sleep", LONG));
      const join = ["--network", "container:first", "--ipc", "container:first", "--pid", "container:first"];
      const count = `ps | grep -c '[s]leep ${LONG}'`;
      assert.equal(await podman.ok("run", "--rm", ...join, IMAGE, "sh", "-c", count), "1");
      await podman.ok("rm", "-f", "-t", "0", "first");
      await podman.ok("pod", "rm", "-f", "-t", "0", "pod");
      assert.equal(await podman.ok("ps", "-a", "-q"), "");
    }),
);
