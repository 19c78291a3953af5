/** Debian's podman with umiak-runtime: a wasi/wasm image from run to rm. @module */
import assert from "node:assert/strict";
import { withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { probeImage, writeRuntime } from "./caller.ts";

const needs = { tools: ["podman", "conmon", "script", "skopeo"], root: true, os: ["linux"] as const };
const LONG = "100000000";

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A podman with storage of its own, whose runtime is the one of this repository. */
class Podman {
  readonly #options: readonly string[];

  constructor(readonly dir: string) {
    this.#options = [
      ...[
        "--root",
        `${dir}/root`,
        "--runroot",
        `${dir}/run`,
        "--tmpdir",
        `${dir}/tmp`,
        "--storage-driver",
        "vfs",
      ],
      ...["--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", `${dir}/umiak-runtime`],
    ];
  }

  async call(args: readonly string[], stdin = ""): Promise<Result> {
    const { dir } = this;
    // conmon keeps the streams of its podman: files, so that nobody waits for their end.
    const name = `${dir}/${crypto.randomUUID()}`;
    await Deno.writeTextFile(`${name}.in`, stdin);
    const { code } = await new Deno.Command("/bin/sh", {
      args: [
        ...["-c", `exec "$@" <'${name}.in' >'${name}.out' 2>'${name}.err'`, "sh", "podman"],
        ...this.#options,
        ...args,
      ],
    }).output();
    const stdout = await Deno.readTextFile(`${name}.out`), stderr = await Deno.readTextFile(`${name}.err`);
    return { code, stdout, stderr: stderr.replace(/^WARNING: image platform .*\n/gm, "") };
  }

  /** Runs podman on a terminal; each text is typed once the terminal shows what it waits for. */
  async onTerminal(
    args: readonly string[],
    typed: readonly (readonly [shown: string, text: string])[],
  ): Promise<Result> {
    const command = ["podman", ...this.#options, ...args].map((word) => `'${word}'`).join(" ");
    const child = new Deno.Command("script", {
      ...{ args: ["-qec", command, "/dev/null"], stdin: "piped", stdout: "piped", stderr: "null" } as const,
    }).spawn();
    const writer = child.stdin.getWriter(), decoder = new TextDecoder(), queue = [...typed];
    let stdout = "";
    for await (const chunk of child.stdout) {
      stdout += decoder.decode(chunk, { stream: true });
      while (queue.length > 0 && stdout.includes(queue[0]![0])) {
        await writer.write(new TextEncoder().encode(queue.shift()![1]));
      }
    }
    const { code } = await child.status;
    await writer.close().catch(() => {});
    return { code, stdout, stderr: "" };
  }

  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.call(args);
    assert.equal(code, 0, `podman ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  run(...args: string[]): Promise<Result> {
    return this.call(["run", "--rm", "--network", "none", ...args]);
  }
}

/** An image for wasi/wasm with tests/guests/probe.wasm, in podman's storage as `probe`. */
async function loadImage(podman: Podman, dir: string): Promise<void> {
  await probeImage(`${dir}/layout`);
  const copy = await new Deno.Command("skopeo", {
    args: ["copy", "-q", `oci:${dir}/layout:v1`, `docker-archive:${dir}/image.tar:localhost/probe:v1`],
  }).output();
  assert.ok(copy.success, new TextDecoder().decode(copy.stderr));
  await podman.ok("load", "-q", "-i", `${dir}/image.tar`);
}

async function cleanUp(podman: Podman): Promise<void> {
  await podman.call(["rm", "-f", "-a", "-t", "0"]);
  await podman.call(["rmi", "-a", "-f"]);
}

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
        assert.deepEqual([...Deno.readDirSync(`${dir}/state`)].map(({ name }) => name), ["~lock"]);
      } finally {
        await cleanUp(podman);
      }
    }),
);
