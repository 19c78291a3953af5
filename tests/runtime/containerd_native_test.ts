/** containerd with umiak-runtime in place of runc: what ctr does with a linux image on the host's kernel. */
import assert from "node:assert/strict";
import { fillRootfs, limitOf, WITH_BUSYBOX, WITHOUT_VERSION1 } from "../native/busybox.ts";
import { withDirectory } from "../support/umiak.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { writeRuntime } from "./caller.ts";
import { CONTAINERD, leftOf, withContainerd } from "./containerd.ts";

const needs = { ...CONTAINERD, tools: [...CONTAINERD.tools, "tar"], missing: reasonAgainst(WITH_BUSYBOX) };
const IMAGE = "localhost/busybox:v1", LONG = "100000";

async function tar(directory: string, path: string): Promise<void> {
  const { success } = await new Deno.Command("tar", { args: ["-C", directory, "-cf", path, "."] }).output();
  assert.ok(success);
}

/** Writes an archive as `docker save` does, with a root filesystem of busybox. */
async function writeImage(dir: string): Promise<string> {
  fillRootfs(`${dir}/rootfs`);
  await Deno.mkdir(`${dir}/image`);
  await tar(`${dir}/rootfs`, `${dir}/image/layer.tar`);
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${dir}/image/layer.tar`));
  const config = {
    architecture: Deno.build.arch === "x86_64" ? "amd64" : "arm64",
    os: "linux",
    config: { Cmd: ["/bin/sh"], Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${new Uint8Array(digest).toHex()}`] },
  };
  await Deno.writeTextFile(`${dir}/image/config.json`, JSON.stringify(config));
  await Deno.writeTextFile(
    `${dir}/image/manifest.json`,
    JSON.stringify([{ Config: "config.json", RepoTags: [IMAGE], Layers: ["layer.tar"] }]),
  );
  await tar(`${dir}/image`, `${dir}/image.tar`);
  return `${dir}/image.tar`;
}

testWhen(
  needs,
  "containerd runs a linux image: output, exit codes, terminals, exec, limits, pause, metrics, ps, kill, start again, rm",
  () =>
    withDirectory(async (dir) => {
      const runtime = await writeRuntime(dir), image = await writeImage(dir);
      await withContainerd(dir, async (ctr) => {
        const options = ["--snapshotter", "native", "--runc-binary", runtime, "--runc-root", `${dir}/state`];
        // containerd before 1.6.25 loses the end of an exec that is over before it knows its pid.
        const late = "sleep 0.5";
        await ctr.ok("images", "import", "--snapshotter", "native", image);
        assert.equal(await ctr.ok("run", "--rm", ...options, IMAGE, "a", "echo", "hello"), "hello\n");
        const five = await ctr.call(
          "run",
          "--rm",
          ...options,
          IMAGE,
          "b",
          "sh",
          "-c",
          "echo err >&2; exit 5",
        );
        assert.deepEqual(five, { code: 5, out: "err\n" });
        const missing = await ctr.call("run", "--rm", ...options, IMAGE, "c", "/nope");
        assert.match(missing.out, /\/nope.*no such file or directory/);
        const limits = ["--memory-limit", String(64 << 20), "--cpus", "0.5", "--read-only"];
        const readOnly = await ctr.call("run", "--rm", ...options, ...limits, IMAGE, "r", "touch", "/x");
        assert.deepEqual(readOnly, { code: 1, out: "touch: /x: Read-only file system\n" });
        await ctr.ok("run", "-d", ...options, ...limits, IMAGE, "l", "sleep", LONG);
        const pid = /^l +(\d+)/m.exec(await ctr.ok("task", "ls"))![1]!;
        if (WITHOUT_VERSION1 === undefined) {
          assert.equal(limitOf(pid, "memory", "memory.limit_in_bytes"), String(64 << 20));
          assert.equal(limitOf(pid, "cpu", "cpu.cfs_quota_us"), "50000");
        }
        await ctr.call("task", "rm", "--force", "l"); // its exit code is the task's
        await ctr.ok("containers", "rm", "l");
        const shell = await ctr.onTerminal(
          ["run", "--rm", "-t", ...options, IMAGE, "t", "sh"],
          "# ",
          // ctr tells the size when the program has begun.
          `until stty size; do sleep 0.1; done; tty; ${late}; exit 6\n`,
        );
        assert.deepEqual(
          [shell.code, /24 80\s+\/dev\/(pts\/0|console)/.test(shell.out)],
          [6, true],
          shell.out,
        );

        await ctr.ok(
          "run",
          "-d",
          ...options,
          IMAGE,
          "d",
          "sh",
          "-c",
          `trap "exit 3" TERM; while :; do sleep 0.1; done`,
        );
        const exec = (id: string, script: string): Promise<{ code: number; out: string }> =>
          ctr.call("task", "exec", "--exec-id", id, "d", "sh", "-c", `${script}; x=$?; ${late}; exit $x`);
        assert.deepEqual(await exec("e", "echo in; id -u"), { code: 0, out: "in\n0\n" });
        assert.equal((await exec("f", "(exit 9)")).code, 9);
        assert.match(
          (await ctr.call("task", "exec", "--exec-id", "g", "d", "/nope")).out,
          /no such file or directory/,
        );
        const tty = await ctr.onTerminal(
          ["task", "exec", "-t", "--exec-id", "h", "d", "sh"],
          "# ",
          `tty; ${late}; exit 4\n`,
        );
        assert.deepEqual([tty.code, /\/dev\/pts\/\d/.test(tty.out)], [4, true], tty.out);
        assert.match(await ctr.ok("task", "ps", "d"), /^PID.*\n\d+/);
        assert.match(await ctr.ok("task", "metrics", "d"), /pids\.current|memory\.usage_in_bytes/);
        await ctr.ok("task", "pause", "d");
        assert.match(await ctr.ok("task", "ls"), /\bPAUSED\b/);
        await ctr.ok("task", "resume", "d");
        await ctr.ok("task", "kill", "-s", "SIGTERM", "d");
        await ctr.stopped("d");
        await ctr.call("task", "rm", "d"); // its exit code is the task's, or none
        await ctr.ok("task", "start", "-d", "d");
        assert.match(await ctr.ok("task", "ls"), /^d .*\bRUNNING\b/m);
        await ctr.ok("task", "kill", "-s", "SIGKILL", "--all", "d");
        await ctr.stopped("d");
        await ctr.call("task", "rm", "d");
        await ctr.ok("containers", "rm", "d");
        await ctr.ok("run", "-d", ...options, IMAGE, "z", "sleep", LONG);
        await ctr.call("task", "rm", "--force", "z"); // of one that runs
        await ctr.ok("containers", "rm", "z");
      });
      assert.deepEqual(leftOf(dir), ["~lock"]);
    }),
);
