/** The operations of the runtime specification on containers in this process (runtime.md#operations). @module */
import assert from "node:assert/strict";
import { type LocalRuntime, openRuntime } from "../../runtime/engine/local_runtime.ts";
import { LifecycleError, type LifecycleReason } from "../../runtime/lifecycle/error.ts";
import { parseProcess } from "../../runtime/spec/mod.ts";
import { withDirectory } from "../support/umiak.ts";
import { caught, PROBE } from "./support.ts";

const NAMESPACES = ["pid", "mount", "ipc", "uts", "network"];
const PROC = { destination: "/proc", type: "proc", source: "proc" };
const FOREVER = ["sleep", "100000000"];

/** A runtime, and a directory for its bundles. */
interface Bench {
  readonly runtime: LocalRuntime;
  readonly warnings: string[];
  /** Makes a bundle of the probe with these arguments, and fields of config.json. Its directory. */
  bundle(name: string, args: readonly string[], more?: Record<string, unknown>): string;
  /** The error of an operation that is to fail. */
  refused(operation: Promise<unknown>, reason: LifecycleReason, message: RegExp): Promise<void>;
}

async function withBench(body: (bench: Bench) => Promise<void>, interruptible = false): Promise<void> {
  await withDirectory(async (directory) => {
    const warnings: string[] = [];
    const runtime = openRuntime({ interruptible, warn: (message) => void warnings.push(message) });
    const bundle: Bench["bundle"] = (name, args, more = {}) => {
      const path = `${directory}/${name}`;
      Deno.mkdirSync(`${path}/rootfs`, { recursive: true });
      Deno.copyFileSync(PROBE, `${path}/rootfs/probe.wasm`);
      const config = {
        ociVersion: "1.3.0",
        root: { path: "rootfs" },
        process: { cwd: "/", args: ["/probe.wasm", ...args] },
        mounts: [PROC],
        linux: { namespaces: NAMESPACES.map((type) => ({ type })) },
        ...more,
      };
      Deno.writeTextFileSync(`${path}/config.json`, JSON.stringify(config));
      return path;
    };
    const refused: Bench["refused"] = (operation, reason, message) =>
      assert.rejects(operation, (error: Error) => {
        assert.match(error.message, message);
        return error instanceof LifecycleError && error.reason === reason;
      });
    try {
      await body({ runtime, warnings, bundle, refused });
    } finally {
      await runtime.close();
    }
  });
}

Deno.test("create, start, state, kill, delete: each state allows what it allows (runtime.md#operations)", () =>
  withBench(async ({ runtime, bundle, refused }) => {
    const path = bundle("b", FOREVER, { annotations: { "com.example.key": "value" } });
    await refused(runtime.state("c"), "absent", /does not exist/);
    const created = await runtime.create("c", path);
    assert.deepEqual([created.status, created.bundle, created.annotations], ["created", path, {
      "com.example.key": "value",
    }]);
    assert.ok(created.pid! > 0);
    await refused(runtime.create("c", path), "exists", /exists already/);
    await refused(runtime.delete("c"), "state", /not stopped: created/);
    await runtime.start("c");
    assert.equal((await runtime.state("c")).status, "running");
    await refused(runtime.start("c"), "state", /already running/);
    await refused(runtime.delete("c"), "state", /not stopped: running/);
    await runtime.kill("c");
    assert.equal(await runtime.wait("c"), 15);
    assert.deepEqual([(await runtime.state("c")).status, (await runtime.state("c")).pid], [
      "stopped",
      undefined,
    ]);
    await refused(runtime.kill("c"), "state", /not running: it is stopped/);
    await refused(runtime.start("c"), "state", /has stopped/);
    await runtime.delete("c");
    await refused(runtime.delete("c"), "absent", /does not exist/);
    await runtime.delete("c", { force: true });
    assert.deepEqual(await runtime.list(), []);
  }));

Deno.test("streams, exit codes and errors are each container's own", () =>
  withBench(async ({ runtime, bundle, refused }) => {
    const input = [new TextEncoder().encode("a line\n")];
    const stdin = {
      read(into: Uint8Array): Promise<number | null> {
        const next = input.shift();
        if (next !== undefined) into.set(next);
        return Promise.resolve(next?.length ?? null);
      },
    };
    const streams = caught();
    await runtime.create("reads", bundle("reads", ["lines"]), { ...streams, stdin });
    await runtime.create("exits", bundle("exits", ["exit", "7"]), caught());
    const trap = caught();
    await runtime.create("traps", bundle("traps", ["oob"]), trap);
    for (const id of ["reads", "exits", "traps"]) await runtime.start(id);
    assert.deepEqual(await Promise.all(["reads", "exits"].map((id) => runtime.wait(id))), [0, 7 << 8]);
    assert.equal(streams.output(), "got a line\n");
    await runtime.wait("traps");
    assert.match(trap.errors(), /^umiak: .*out of bounds/);
    // What cannot be executed is told by start, and the container has stopped.
    const bad = { process: { cwd: "/", args: ["/nothing"] } };
    await runtime.create("bad", bundle("bad", [], bad));
    await refused(runtime.start("bad"), "start", /\/nothing.*No such file/i);
    assert.deepEqual([(await runtime.state("bad")).status, await runtime.wait("bad")], ["stopped", 127 << 8]);
    await refused(runtime.create("c", "/nowhere"), "invalid", /reading \/nowhere\/config.json/);
    await refused(
      runtime.create("c", bundle("m", [], { linux: { namespaces: [{ type: "pid" }] } })),
      "failed",
      /mount namespace each/,
    );
    await refused(runtime.state("c"), "absent", /does not exist/);
  }));

Deno.test("a container that is created can be killed, and force deletes a running one with its processes", () =>
  withBench(async ({ runtime, bundle }) => {
    await runtime.create("c", bundle("c", FOREVER));
    await runtime.kill("c", 9);
    assert.deepEqual([await runtime.wait("c"), (await runtime.state("c")).status], [9, "stopped"]);
    await runtime.delete("c");
    await runtime.create("c", bundle("c", FOREVER));
    await runtime.start("c");
    await runtime.delete("c", { force: true });
    assert.deepEqual(await runtime.list(), []);
  }));

Deno.test("exec, pause, resume, limits and counters of a container", () =>
  withBench(async ({ runtime, bundle, refused }) => {
    const resources = { memory: { limit: 2 ** 26 }, pids: { limit: 2 } };
    const linux = { namespaces: NAMESPACES.map((type) => ({ type })), resources };
    await runtime.create("c", bundle("c", FOREVER, { linux }));
    await runtime.start("c");
    const process = (...args: string[]): ReturnType<typeof parseProcess> =>
      parseProcess(JSON.stringify({ cwd: "/", args: ["/probe.wasm", ...args] }));
    const streams = caught();
    const echo = await runtime.exec("c", process("echo", "beside"), streams);
    assert.deepEqual([await echo.wait(), streams.output()], [0, "beside\n"]);
    const { processes, stats } = await import("../../runtime/lifecycle/mod.ts");
    assert.deepEqual(await processes(runtime.context, "c"), [(await runtime.state("c")).pid]);
    const { memoryLimit, pids, pidsLimit, memoryUsage } = await stats(runtime.context, "c");
    assert.deepEqual([memoryLimit, pids, pidsLimit, memoryUsage > 0n], [2n ** 26n, 1, 2, true]);
    const sleeping = await runtime.exec("c", process(...FOREVER), caught());
    await refused(runtime.exec("c", process("echo"), caught()), "start", /exec in container "c"/);
    await runtime.pause("c");
    assert.equal((await runtime.state("c")).status, "paused");
    await refused(runtime.exec("c", process("echo"), caught()), "state", /exec in a paused container/);
    await runtime.resume("c");
    await runtime.kill("c", 9, true);
    assert.deepEqual([await sleeping.wait(), await runtime.wait("c")], [9, 9]);
  }));

Deno.test("a container joins the namespaces of another by path; the end of one leaves the other", () =>
  withBench(async ({ runtime, bundle, refused }) => {
    const { pid } = await runtime.create("first", bundle("first", FOREVER, { hostname: "shared" }));
    await runtime.start("first");
    const join = (of: number): Record<string, unknown> => ({
      linux: {
        namespaces: [
          { type: "mount" },
          { type: "uts", path: `/proc/${of}/ns/uts` },
          { type: "network", path: `/proc/${of}/ns/net` },
        ],
      },
    });
    const streams = caught();
    await runtime.create(
      "second",
      bundle("second", ["cat", "/proc/sys/kernel/hostname"], join(pid!)),
      streams,
    );
    await runtime.start("second");
    assert.deepEqual([await runtime.wait("second"), streams.output()], [0, "shared\n"]);
    assert.equal((await runtime.state("first")).status, "running");
    await refused(
      runtime.create("c", bundle("c", [], join(9999))),
      "failed",
      /uts namespace \/proc\/9999\/ns\/uts/,
    );
  }));

Deno.test("ipc namespaces: a message queue is seen by a container that joins, and by no other (man 7 ipc_namespaces)", () =>
  withBench(async ({ runtime, bundle }) => {
    const mounts = [PROC, { destination: "/dev/mqueue", type: "mqueue", source: "mqueue" }];
    const { pid } = await runtime.create("first", bundle("first", FOREVER, { mounts }));
    await runtime.start("first");
    const make = parseProcess(
      JSON.stringify({ cwd: "/", args: ["/probe.wasm", "put", "/dev/mqueue/queue", "x"] }),
    );
    const streams = caught();
    const made = await runtime.exec("first", make, streams);
    assert.notEqual(await made.wait(), 0);
    assert.match(streams.output() + streams.errors(), /^write .*Invalid argument/, "it is made, and no file");
    const ipc = { path: `/proc/${pid}/ns/ipc` };
    for (const [id, more, listed] of [["joined", ipc, "queue"], ["alone", {}, ""]] as const) {
      const linux = { namespaces: [{ type: "mount" }, { type: "pid" }, { type: "ipc", ...more }] };
      const list = caught();
      await runtime.create(id, bundle(id, ["ls", "/dev/mqueue"], { mounts, linux }), list);
      await runtime.start(id);
      assert.equal(await runtime.wait(id), 0);
      assert.equal(
        list.output().trim().split(/\s+/).filter((name) => !/^\.\.?$/.test(name)).join(),
        listed,
        id,
      );
    }
  }));

Deno.test("hooks run around a container; one that fails takes it back (runtime.md#lifecycle)", async () => {
  if (Deno.build.os === "windows") return; // they are shell commands
  await withBench(async ({ runtime, bundle, refused, warnings }) => {
    const log = await Deno.makeTempFile({ prefix: "umiak-test-" });
    const hook = (name: string, code = 0): unknown[] => [{
      path: "/bin/sh",
      args: ["sh", "-c", `echo ${name} >> ${log}; exit ${code}`],
    }];
    const names = ["prestart", "createRuntime", "poststart", "poststop"];
    try {
      const hooks = Object.fromEntries(names.map((name) => [name, hook(name)]));
      await runtime.create("c", bundle("c", ["exit", "0"], { hooks }));
      await runtime.start("c");
      await runtime.wait("c");
      await runtime.delete("c");
      assert.deepEqual((await Deno.readTextFile(log)).split("\n"), [...names, ""]);
      const failing = { hooks: { createRuntime: hook("no", 3) } };
      await refused(
        runtime.create("c", bundle("f", [], failing)),
        "hook",
        /createRuntime hook #0.*exit status 3/,
      );
      assert.deepEqual([await runtime.list(), warnings], [[], []]);
    } finally {
      await Deno.remove(log);
    }
  });
});

Deno.test("hooks in the container's namespaces are modules: of the host before its root changes, of the container after", () =>
  withBench(async ({ runtime, bundle, refused }) => {
    const state = (path: string): unknown[] => [{ path, args: ["hook", "lines"] }];
    const hooks = { createContainer: state(PROBE), startContainer: state("/probe.wasm") };
    await runtime.create("c", bundle("c", ["exit", "4"], { hooks }));
    await runtime.start("c");
    assert.equal(await runtime.wait("c"), 4 << 8);
    const failing = (name: string): Record<string, unknown> => ({
      hooks: {
        [name]: [{ path: name === "createContainer" ? PROBE : "/probe.wasm", args: ["hook", "exit", "3"] }],
      },
    });
    await refused(
      runtime.create("f", bundle("f", [], failing("createContainer"))),
      "hook",
      /createContainer hook #0.*exit status 3/,
    );
    await runtime.create("s", bundle("s", FOREVER, failing("startContainer")));
    await refused(runtime.start("s"), "hook", /startContainer hook #0.*exit status 3/);
    assert.deepEqual((await runtime.list()).map(({ id, status }) => [id, status]), [["c", "stopped"]]);
  }));

Deno.test("with interruptible, a container that computes is served, paused and killed, beside others", () =>
  withBench(async ({ runtime, bundle }) => {
    for (const id of ["a", "b"]) {
      await runtime.create(id, bundle(id, ["spin"]));
      await runtime.start(id);
    }
    await runtime.pause("a");
    await runtime.kill("b");
    assert.equal(await runtime.wait("b"), 15);
    await runtime.resume("a");
    await runtime.kill("a", 9);
    assert.equal(await runtime.wait("a"), 9);
  }, true));

Deno.test("a hundred containers are created, started and deleted at a time, and nothing is left of them", () =>
  withBench(async ({ runtime, bundle }) => {
    const path = bundle("many", ["exit", "5"]);
    const ids = Array.from({ length: 100 }, (_, i) => `c${i}`);
    await Promise.all(ids.map(async (id) => {
      await runtime.create(id, path, caught());
      await runtime.start(id);
      assert.equal(await runtime.wait(id), 5 << 8);
      await runtime.delete(id);
    }));
    assert.deepEqual(await runtime.list(), []);
  }));

Deno.test("kill() of what is no signal is an error without effect (man 2 kill, EINVAL)", () =>
  withBench(async ({ runtime, bundle, refused }) => {
    await runtime.create("c", bundle("c", FOREVER));
    await runtime.start("c");
    for (const signal of [-1, 0, 1.5, 65, 999, NaN]) {
      await refused(runtime.kill("c", signal), "invalid", /killing container "c": .* is no signal/);
    }
    assert.equal((await runtime.state("c")).status, "running");
  }));

Deno.test("close() leaves no container of a create that is under way, and none is created after it", () =>
  withBench(async ({ runtime, bundle, refused }) => {
    const path = bundle("b", FOREVER);
    const refusal = /creating container .*: its runtime is closed/;
    const underWay = refused(runtime.create("early", path), "failed", refusal);
    await runtime.close();
    await underWay;
    await refused(runtime.create("late", path), "failed", refusal);
    assert.deepEqual(await runtime.list(), []);
  }));
