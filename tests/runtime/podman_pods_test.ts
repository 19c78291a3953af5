/** podman's pods, and its containers that join another one's namespaces. @module */
import assert from "node:assert/strict";
import { repositoryFile, withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { writeRuntime } from "./caller.ts";
import { cleanUp, loadImage, PODMAN, Podman } from "./podman.ts";

const LONG = "100000000", IMAGE = "localhost/probe:v1";

/** Runs `f` with a podman that is gone afterwards. */
function withPodman(f: (podman: Podman) => Promise<void>): Promise<void> {
  return withDirectory(async (dir) => {
    const podman = new Podman(dir);
    await writeRuntime(dir);
    try {
      await loadImage(podman, dir);
      await f(podman);
    } finally {
      await cleanUp(podman);
    }
    assert.deepEqual([...Deno.readDirSync(`${dir}/state`)].map(({ name }) => name), ["~lock"]);
  });
}

async function listening(podman: Podman, id: string): Promise<void> {
  while (!(await podman.ok("logs", id)).includes("listening")) await new Promise((r) => setTimeout(r, 20));
}

const SOCKETS = [
  ...[
    "-v",
    `${repositoryFile("tests/wasi/wasmedge.wasm")}:/wasmedge.wasm:ro`,
    "--entrypoint",
    "/wasmedge.wasm",
  ],
  IMAGE,
];

testWhen(
  PODMAN,
  "podman run --network container:ID --ipc container:ID --pid container:ID",
  () =>
    withPodman(async (podman) => {
      await podman.ok("run", "-d", "--name", "first", "--network", "none", IMAGE, "sleep", LONG);
      const joining = ["--network", "container:first", "--ipc", "container:first"];
      await podman.ok("run", "-d", "--name", "server", ...joining, ...SOCKETS, "serve", "8080");
      await listening(podman, "server");
      assert.equal(
        await podman.ok("run", "--rm", ...joining, ...SOCKETS, "fetch", "127.0.0.1", "8080"),
        "question",
      );
      assert.equal(await podman.ok("wait", "server"), "0");
      const inside = await podman.ok(
        "run",
        "--rm",
        "--pid",
        "container:first",
        "--network",
        "none",
        IMAGE,
        "ls",
        "/proc",
      );
      assert.equal(inside.match(/^\d+$/gm)!.length, 2, "two programs in one pid namespace");
      await podman.ok("run", "-d", "--name", "busy", ...joining, IMAGE, "spin");
      await podman.ok("kill", "busy");
      assert.equal(await podman.ok("wait", "busy"), "137");
      const run = ["run", "-it", "--rm", ...joining, IMAGE, "args", "ready", "--"];
      const keys = [["ready", "hellx\x7fo\n"], ["got hello", "\x04"]] as const;
      assert.equal((await podman.onTerminal([...run, "lines"], keys)).code, 0);
      assert.equal((await podman.onTerminal([...run, "sleep", LONG], [["ready", "\x03"]])).code, 130);
      await podman.ok("rm", "-f", "-t", "0", "server", "busy");
      await podman.ok("rm", "-f", "-t", "0", "first");
    }),
);

testWhen(
  PODMAN,
  "podman pod: an infra container for wasi/wasm, and containers beside it",
  () =>
    withPodman(async (podman) => {
      const infra = ["--infra-image", IMAGE, "--infra-command", `/probe.wasm sleep ${LONG}`];
      await podman.ok("pod", "create", "--name", "pod", "--network", "none", "--hostname", "pod", ...infra);
      await podman.ok("pod", "start", "pod");
      assert.equal(
        await podman.ok("run", "--rm", "--pod", "pod", IMAGE, "cat", "/proc/sys/kernel/hostname"),
        "pod",
      );
      await podman.ok("run", "-d", "--name", "server", "--pod", "pod", ...SOCKETS, "serve", "8080");
      await listening(podman, "server");
      assert.equal(
        await podman.ok("run", "--rm", "--pod", "pod", ...SOCKETS, "fetch", "127.0.0.1", "8080"),
        "question",
      );
      await podman.ok("run", "-d", "--name", "member", "--pod", "pod", IMAGE, "sleep", LONG);
      assert.equal(await podman.ok("exec", "member", "/probe.wasm", "args", "inside"), "inside");
      await podman.ok("pod", "stop", "-t", "1", "pod");
      assert.equal(await podman.ok("inspect", "member", "--format", "{{.State.Status}}"), "exited");
      await podman.ok("pod", "start", "pod");
      assert.equal(await podman.ok("inspect", "member", "--format", "{{.State.Status}}"), "running");
      await podman.ok("pod", "rm", "-f", "-t", "0", "pod");
      assert.equal(await podman.ok("ps", "-a", "-q"), "");
    }),
);
