/** containerd with umiak-runtime in place of runc: what ctr does with a wasi/wasm image. @module */
import assert from "node:assert/strict";
import { withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { probeImage, writeRuntime } from "./caller.ts";

const needs = { tools: ["containerd", "ctr", "skopeo"], root: true, os: ["linux"] as const };
const IMAGE = "localhost/probe:v1", LONG = "100000000";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Runs `f` while a containerd of its own runs. */
async function withContainerd(
  dir: string,
  f: (ctr: (...args: string[]) => Promise<{ code: number; out: string }>) => Promise<void>,
): Promise<void> {
  const socket = `${dir}/c.sock`;
  await Deno.writeTextFile(
    `${dir}/config.toml`,
    `version = 2\nroot = "${dir}/root"\nstate = "${dir}/run"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n` +
      `[grpc]\naddress = "${socket}"\n[ttrpc]\naddress = "${socket}.ttrpc"\n`,
  );
  const daemon = new Deno.Command("containerd", {
    args: ["-c", `${dir}/config.toml`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ctr = async (...args: string[]): Promise<{ code: number; out: string }> => {
    const { code, stdout, stderr } = await new Deno.Command("ctr", { args: ["-a", socket, ...args] })
      .output();
    return { code, out: text(stdout) + text(stderr) };
  };
  try {
    while ((await ctr("version")).code !== 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await f(ctr);
  } finally {
    daemon.kill("SIGTERM");
    await daemon.status;
  }
}

testWhen(
  needs,
  "containerd runs a wasi/wasm image: output, exit codes, exec, pause, ps, kill, rm",
  () =>
    withDirectory(async (dir) => {
      const runtime = await writeRuntime(dir);
      await probeImage(`${dir}/layout`);
      const copy = await new Deno.Command("skopeo", {
        args: ["copy", "-q", `oci:${dir}/layout:v1`, `oci-archive:${dir}/image.tar:${IMAGE}`],
      }).output();
      assert.ok(copy.success, text(copy.stderr));
      await withContainerd(dir, async (ctr) => {
        const options = [
          "--snapshotter",
          "native",
          "--platform",
          "wasi/wasm",
          "--runc-binary",
          runtime,
          "--runc-root",
          `${dir}/state`,
        ];
        const ok = async (...args: string[]): Promise<string> => {
          const { code, out } = await ctr(...args);
          assert.equal(code, 0, `ctr ${args.join(" ")}: ${out}`);
          return out;
        };
        await ok("images", "import", "--snapshotter", "native", "--all-platforms", `${dir}/image.tar`);
        assert.equal(
          await ok("run", "--rm", ...options, IMAGE, "a", "/probe.wasm", "args", "hello"),
          "hello\n",
        );
        assert.equal((await ctr("run", "--rm", ...options, IMAGE, "b", "/probe.wasm", "exit", "5")).code, 5);
        const missing = await ctr("run", "--rm", ...options, IMAGE, "c", "/nope");
        assert.match(missing.out, /executing \\?"\/nope\\?": no such file or directory/);

        await ok("run", "-d", ...options, IMAGE, "d", "/probe.wasm", "sleep", LONG);
        // containerd before 1.6.25 loses the end of an exec that is over before it knows its pid.
        const late = ["sleep", "500"];
        assert.equal(
          await ok("task", "exec", "--exec-id", "e", "d", "/probe.wasm", "args", "in", "--", ...late),
          "in\n",
        );
        assert.equal(
          (await ctr("task", "exec", "--exec-id", "f", "d", "/probe.wasm", ...late, "--", "exit", "9")).code,
          9,
        );
        assert.match(await ok("task", "ps", "d"), /^PID.*\n\d+/);
        await ok("task", "pause", "d");
        assert.match(await ok("task", "ls"), /\bPAUSED\b/);
        await ok("task", "resume", "d");
        await ok("task", "kill", "-s", "SIGKILL", "d");
        while (!/\bSTOPPED\b/.test(await ok("task", "ls"))) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await ctr("task", "rm", "d"); // its exit code is the task's
        await ok("containers", "rm", "d");
      });
      assert.deepEqual([...Deno.readDirSync(`${dir}/state/default`)].map(({ name }) => name), ["~lock"]);
    }),
);
