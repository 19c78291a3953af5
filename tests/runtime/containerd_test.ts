/** containerd with umiak-runtime in place of runc: what ctr does with a wasi/wasm image. @module */
import assert from "node:assert/strict";
import { withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { probeImage, writeRuntime } from "./caller.ts";
import { CONTAINERD, leftOf, withContainerd } from "./containerd.ts";

const needs = { ...CONTAINERD, tools: [...CONTAINERD.tools, "skopeo"] };
const IMAGE = "localhost/probe:v1", LONG = "100000000";

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
      assert.ok(copy.success, new TextDecoder().decode(copy.stderr));
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
        await ctr.ok("images", "import", "--snapshotter", "native", "--all-platforms", `${dir}/image.tar`);
        assert.equal(
          await ctr.ok("run", "--rm", ...options, IMAGE, "a", "/probe.wasm", "args", "hello"),
          "hello\n",
        );
        assert.equal(
          (await ctr.call("run", "--rm", ...options, IMAGE, "b", "/probe.wasm", "exit", "5")).code,
          5,
        );
        const missing = await ctr.call("run", "--rm", ...options, IMAGE, "c", "/nope");
        assert.match(missing.out, /executing \\?"\/nope\\?": no such file or directory/);

        await ctr.ok("run", "-d", ...options, IMAGE, "d", "/probe.wasm", "sleep", LONG);
        // containerd before 1.6.25 loses the end of an exec that is over before it knows its pid.
        const late = ["sleep", "500"];
        assert.equal(
          await ctr.ok("task", "exec", "--exec-id", "e", "d", "/probe.wasm", "args", "in", "--", ...late),
          "in\n",
        );
        assert.equal(
          (await ctr.call("task", "exec", "--exec-id", "f", "d", "/probe.wasm", ...late, "--", "exit", "9"))
            .code,
          9,
        );
        assert.match(await ctr.ok("task", "ps", "d"), /^PID.*\n\d+/);
        await ctr.ok("task", "pause", "d");
        assert.match(await ctr.ok("task", "ls"), /\bPAUSED\b/);
        await ctr.ok("task", "resume", "d");
        await ctr.ok("task", "kill", "-s", "SIGKILL", "d");
        await ctr.stopped("d");
        await ctr.call("task", "rm", "d"); // its exit code is the task's
        await ctr.ok("containers", "rm", "d");
      });
      assert.deepEqual(leftOf(dir), ["~lock"]);
    }),
);
