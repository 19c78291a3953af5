/** Debian's podman with umiak-runtime: a wasi/wasm image from run to rm. @module */
import assert from "node:assert/strict";
import { withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { writeRuntime } from "./caller.ts";
import { cleanUp, loadImage, PODMAN, Podman } from "./podman.ts";

const needs = { ...PODMAN, tools: [...PODMAN.tools, "script"] };
const LONG = "100000000";

testWhen(
  needs,
  "podman runs a wasi/wasm image: output, exit codes, errors, logs, exec, pause, stop, kill, rm",
  () =>
    withDirectory(async (dir) => {
      const podman = new Podman(dir);
      await writeRuntime(dir);
      try {
        await loadImage(podman, dir);
        assert.deepEqual(await podman.run("localhost/probe:v1", "args", "a", "b"), {
          code: 0,
          stdout: "a\nb\n",
          stderr: "",
        });
        assert.equal((await podman.run("localhost/probe:v1", "exit", "7")).code, 7);
        assert.equal((await podman.run("localhost/probe:v1", "abort")).code, 134);
        const missing = await podman.run("--entrypoint", "/nope", "localhost/probe:v1");
        assert.deepEqual(
          [missing.code, /no such file or directory/.test(missing.stderr)],
          [127, true],
          missing.stderr,
        );
        const lines = await podman.call([
          "run",
          "--rm",
          "-i",
          "--network",
          "none",
          "localhost/probe:v1",
          "lines",
        ], "one\n");
        assert.equal(lines.stdout, "got one\n");

        await podman.ok(
          "run",
          "-d",
          "--name",
          "long",
          "--network",
          "none",
          "localhost/probe:v1",
          "sleep",
          LONG,
        );
        const status = (): Promise<string> =>
          podman.ok("inspect", "long", "--format", "{{.State.Status}} {{.State.ExitCode}}");
        assert.equal(await status(), "running 0");
        assert.equal(await podman.ok("exec", "long", "/probe.wasm", "args", "inside"), "inside");
        assert.equal((await podman.call(["exec", "long", "/probe.wasm", "exit", "9"])).code, 9);
        assert.equal((await podman.call(["exec", "long", "/nope"])).code, 127);
        assert.equal(
          (await podman.call(["exec", "-i", "long", "/probe.wasm", "lines"], "x\n")).stdout,
          "got x\n",
        );
        assert.equal(await podman.ok("exec", "-t", "long", "/probe.wasm", "tty"), "1 1 1");
        await podman.ok("pause", "long");
        assert.equal(await status(), "paused 0");
        await podman.ok("unpause", "long");
        await podman.ok("stop", "long");
        assert.equal(await status(), "exited 143");
        await podman.ok("start", "long");
        assert.equal(await status(), "running 0");
        await podman.ok("kill", "long");
        await podman.ok("wait", "long");
        assert.equal(await status(), "exited 137");
        await podman.ok("rm", "long");

        // A terminal: lines are edited, the end of input and ^C are what the line discipline makes of keys.
        const image = [
          "run",
          "-it",
          "--rm",
          "--network",
          "none",
          "localhost/probe:v1",
          "args",
          "ready",
          "--",
        ];
        const keys = [["ready", "hellx\x7fo\n"], ["got hello", "\x04"]] as const;
        assert.equal((await podman.onTerminal([...image, "lines"], keys)).code, 0);
        assert.equal((await podman.onTerminal([...image, "sleep", LONG], [["ready", "\x03"]])).code, 130);

        await podman.ok("run", "-d", "--name", "busy", "--network", "none", "localhost/probe:v1", "spin");
        await podman.call(["stop", "-t", "0", "busy"]);
        assert.equal(await podman.ok("inspect", "busy", "--format", "{{.State.ExitCode}}"), "137");
        await podman.ok("run", "--name", "talk", "--network", "none", "localhost/probe:v1", "args", "said");
        assert.equal(await podman.ok("logs", "talk"), "said");
        await podman.ok("rm", "-f", "busy", "talk");
        assert.equal(await podman.ok("ps", "-a", "-q"), "");
        assert.deepEqual(
          [...Deno.readDirSync(`${dir}/state`)].map(({ name }) => name),
          ["~lock"],
        );
      } finally {
        await cleanUp(podman);
      }
    }),
);
