/** The operations and the lifecycle of runtime.md, each rule by its name, with a backend that has no processes. @module */
import assert from "node:assert/strict";
import type { Context } from "./context.ts";
import { create } from "./create.ts";
import { deleteContainer } from "./delete.ts";
import { LifecycleError, type LifecycleReason } from "./error.ts";
import { exec } from "./exec.ts";
import { processes, stats } from "./watch.ts";
import { kill } from "./kill.ts";
import { list, state } from "./list.ts";
import { pause, resume } from "./pause.ts";
import { start } from "./start.ts";
import { creation, Fake } from "./testing/fake_backend.ts";

/** Runs a test with a fresh root, which must have no container and nothing else left when the test has deleted what it made. */
function test(name: string, body: (fake: Fake, context: Context, root: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const root = await Deno.makeTempDir({ prefix: "umiak-test-" });
    try {
      const fake = new Fake();
      await body(fake, fake.context(root), root);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}

const names = (root: string): string[] => [...Deno.readDirSync(root)].map(({ name }) => name).sort();

async function refused(work: Promise<unknown>, reason: LifecycleReason, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof LifecycleError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  });
}

const hooks = {
  prestart: [{ path: "/prestart" }],
  createRuntime: [{ path: "/createRuntime1" }, { path: "/createRuntime2" }],
  poststart: [{ path: "/poststart" }],
  poststop: [{ path: "/poststop1" }, { path: "/poststop2" }],
};

test("create, start, exit, delete: the states of runtime.md#state", async (fake, context) => {
  const container = await create(context, creation("a"));
  const created = await state(context, "a");
  assert.deepEqual(created.state, {
    ociVersion: "1.2.0",
    id: "a",
    status: "created",
    pid: 100,
    bundle: "/bundle",
    annotations: { "com.example.key": "value" },
  });
  assert.deepEqual(created.record.data, { note: 7 });
  await start(context, "a");
  assert.equal((await state(context, "a")).state.status, "running");
  fake.end(container, 3 << 8);
  const stopped = await state(context, "a");
  assert.equal(stopped.state.status, "stopped");
  assert.equal(stopped.state.pid, undefined);
  assert.deepEqual(stopped.exit, { status: 3 << 8 });
  await deleteContainer(context, "a");
  assert.deepEqual(await list(context), []);
  await create(context, creation("a")); // "Once a container is deleted its ID MAY be used by a subsequent container."
});

test(
  "a container whose process was killed from outside is stopped, without a known status",
  async (fake, context) => {
    await create(context, creation("a"));
    await start(context, "a");
    fake.alive.clear();
    const { state: { status }, exit } = await state(context, "a");
    assert.deepEqual([status, exit], ["stopped", undefined]);
  },
);

test(
  "the status of what kill -9 has ended is known, though its process could not note it",
  async (fake, context) => {
    const container = await create(context, creation("a"));
    await start(context, "a");
    fake.kill = () => Promise.resolve(fake.alive.clear());
    await kill(context, "a", 9);
    assert.deepEqual((await state(context, "a")).exit, { status: 9 });
    fake.end(container, 5 << 8); // it had ended by itself, after all
    assert.deepEqual((await state(context, "a")).exit, { status: 5 << 8 });
  },
);

test("an id MUST be unique, and valid: else an error and no new container", async (fake, context, root) => {
  await create(context, creation("a"));
  fake.events.length = 0;
  await refused(create(context, creation("a")), "exists", /container with id exists already: "a"/);
  for (const bad of ["", ".", "..", "a/b", "../x", "a b", "a\0b", "x".repeat(201), "~lock", "é"]) {
    await refused(create(context, creation(bad)), "invalid", /container id/);
  }
  assert.deepEqual(fake.events, []);
  assert.deepEqual(names(root), ["a", "~lock"]);
});

test("operations on what does not exist are errors", async (_fake, context) => {
  const work = [
    () => state(context, "no"),
    () => start(context, "no"),
    () => kill(context, "no", 15),
    () => deleteContainer(context, "no"),
    () => pause(context, "no"),
    () => resume(context, "no"),
    () => processes(context, "no"),
  ];
  for (const each of work) await refused(each(), "absent", /container "no" does not exist/);
  await deleteContainer(context, "no", { force: true });
});

test(
  "start of a container that is not created MUST have no effect and MUST generate an error",
  async (fake, context) => {
    const container = await create(context, creation("a"));
    await start(context, "a");
    fake.events.length = 0;
    await refused(start(context, "a"), "state", /already running/);
    await pause(context, "a");
    await refused(start(context, "a"), "state", /paused/);
    await resume(context, "a");
    fake.end(container, 0);
    await refused(start(context, "a"), "state", /has stopped/);
    assert.deepEqual(fake.events, ["pause", "resume"]);
  },
);

test("start MUST generate an error if process was not set", async (fake, context) => {
  await create(context, creation("a", { process: undefined }));
  await refused(start(context, "a"), "invalid", /has no process/);
  assert.equal((await state(context, "a")).state.status, "created");
  assert.ok(!fake.events.includes("start"));
});

test(
  "kill of what is neither created nor running MUST have no effect and MUST generate an error",
  async (fake, context) => {
    const container = await create(context, creation("a"));
    await kill(context, "a", 15); // created
    await start(context, "a");
    await kill(context, "a", 10, true);
    fake.end(container, 0);
    fake.events.length = 0;
    await refused(kill(context, "a", 15), "state", /container not running/);
    assert.deepEqual(fake.events, []);
  },
);

test(
  "delete of what is not stopped MUST have no effect and MUST generate an error",
  async (fake, context) => {
    await create(context, creation("a"));
    fake.events.length = 0;
    await refused(deleteContainer(context, "a"), "state", /not stopped: created/);
    await start(context, "a");
    await refused(deleteContainer(context, "a"), "state", /not stopped: running/);
    await pause(context, "a");
    await refused(deleteContainer(context, "a"), "state", /not stopped: paused/);
    assert.ok(!fake.events.includes("destroy"));
    await deleteContainer(context, "a", { force: true });
    assert.equal(fake.events.at(-1), "destroy");
    assert.equal(fake.alive.size, 0);
  },
);

test("pause and resume in wrong states are errors", async (fake, context) => {
  await create(context, creation("a"));
  await refused(resume(context, "a"), "state", /not paused/);
  await start(context, "a");
  await pause(context, "a");
  await refused(pause(context, "a"), "state", /it is paused/);
  assert.equal((await state(context, "a")).state.status, "paused");
  await resume(context, "a");
  fake.failing.set("pause", new LifecycleError("cannot", "unsupported"));
  await refused(pause(context, "a"), "unsupported", /cannot/);
  assert.equal((await state(context, "a")).state.status, "running");
  await refused(stats(context, "a"), "unsupported", /cannot count/);
});

test("exec: in a created or running container", async (fake, context) => {
  const process = creation("x").spec.process!;
  const options = { preserveFds: 0, detached: false, cgroup: "", ignorePaused: false };
  const container = await create(context, creation("a"));
  await exec(context, "a", process, options);
  await start(context, "a");
  await pause(context, "a");
  await refused(exec(context, "a", process, options), "state", /cannot exec in a paused container/);
  await exec(context, "a", process, { ...options, ignorePaused: true });
  await resume(context, "a");
  fake.end(container, 0);
  await refused(exec(context, "a", process, options), "state", /cannot exec in a stopped container/);
});

test(
  "hooks MUST be called in the listed order, at their points, with the state on stdin",
  async (fake, context) => {
    const container = await create(context, creation("a", { hooks }));
    await start(context, "a");
    fake.end(container, 0);
    await deleteContainer(context, "a");
    assert.deepEqual(fake.events, [
      "create",
      "hook /prestart creating pid",
      "hook /createRuntime1 creating pid",
      "hook /createRuntime2 creating pid",
      "createContainer",
      "startContainer",
      "start",
      "hook /poststart running pid",
      "destroy",
      "hook /poststop1 stopped",
      "hook /poststop2 stopped",
    ]);
  },
);

for (const path of ["/prestart", "/createRuntime1"]) {
  test(
    `${path} fails: an error, the container is stopped, destroyed, and poststop hooks run`,
    async (fake, context, root) => {
      fake.hooks.set(path, () => ({ code: 3, output: "no\n" }));
      await refused(
        create(context, creation("a", { hooks })),
        "hook",
        /hook #0: \/\w+: exit status 3, output: no$/,
      );
      assert.deepEqual(fake.events.slice(-3), [
        "destroy",
        "hook /poststop1 stopped",
        "hook /poststop2 stopped",
      ]);
      assert.ok(!fake.events.includes("hook /createRuntime2 creating pid"));
      assert.deepEqual([fake.alive.size, names(root)], [0, ["~lock"]]);
    },
  );
}

test("createContainer and startContainer hooks fail: as the others", async (fake, context, root) => {
  fake.failing.set("createContainer", new LifecycleError("error running createContainer hook #0: x", "hook"));
  await refused(create(context, creation("a", { hooks })), "hook", /createContainer/);
  assert.equal(fake.events.at(-1), "hook /poststop2 stopped");
  fake.failing.clear();
  fake.failing.set("startContainer", new LifecycleError("error running startContainer hook #0: x", "hook"));
  await create(context, creation("a", { hooks }));
  await refused(start(context, "a"), "hook", /startContainer/);
  assert.equal(fake.events.at(-1), "hook /poststop2 stopped");
  assert.deepEqual([fake.alive.size, names(root)], [0, ["~lock"]]);
});

test(
  "a poststart hook fails: an error, and the container is stopped and destroyed",
  async (fake, context, root) => {
    fake.hooks.set("/poststart", () => ({ code: null, signal: "SIGKILL" }));
    await create(context, creation("a", { hooks }));
    await refused(start(context, "a"), "hook", /poststart hook #0: \/poststart: signal: SIGKILL/);
    assert.equal(fake.events.at(-1), "hook /poststop2 stopped");
    assert.deepEqual([fake.alive.size, names(root)], [0, ["~lock"]]);
  },
);

test("a hook that takes longer than its timeout fails", async (fake, context) => {
  fake.hooks.set("/slow", () => ({ code: null, signal: "SIGKILL", timedOut: true }));
  const slow = { prestart: [{ path: "/slow", timeout: 2 }] };
  await refused(create(context, creation("a", { hooks: slow })), "hook", /\/slow: it did not end within 2 s/);
});

test(
  "a poststop hook fails: a warning, the others run, the container is gone",
  async (fake, context, root) => {
    fake.hooks.set("/poststop1", () => ({ code: 1 }));
    const container = await create(context, creation("a", { hooks }));
    await start(context, "a");
    fake.end(container, 0);
    await deleteContainer(context, "a");
    assert.equal(fake.events.at(-1), "hook /poststop2 stopped");
    assert.match(fake.warnings[0]!, /poststop hook #0: \/poststop1: exit status 1/);
    assert.deepEqual(names(root), ["~lock"]);
  },
);

test(
  "a create that fails MUST leave the state as if it had never been attempted",
  async (fake, context, root) => {
    fake.failing.set("create", new LifecycleError("no memory", "failed"));
    await refused(create(context, creation("a", { hooks })), "failed", /no memory/);
    assert.deepEqual(fake.events, ["create", "destroy"]); // no hooks: none has failed
    assert.deepEqual(names(root), ["~lock"]);
    fake.failing.clear();
    const late = { ...creation("a"), onCreated: () => Promise.reject(new Error("pid file")) };
    await assert.rejects(create(context, late), /pid file/);
    assert.deepEqual([fake.alive.size, names(root)], [0, ["~lock"]]);
  },
);

test("a program that cannot be started leaves a stopped container", async (fake, context) => {
  await create(context, creation("a", { hooks }));
  fake.failing.set("start", new LifecycleError("executable file not found in $PATH", "start"));
  await refused(start(context, "a"), "start", /not found/);
  assert.equal((await state(context, "a")).state.status, "stopped");
  await deleteContainer(context, "a");
});

test("config.json is read at create; later changes have no effect", async (fake, context) => {
  const container = await create(context, creation("a", { hooks }));
  assert.equal((await container.spec()).hooks!.poststop.length, 2);
  fake.end(container, 0);
  await deleteContainer(context, "a");
});

test("unknown capabilities are a warning of create", async (fake, context) => {
  const process = { cwd: "/", args: ["sh"], capabilities: { bounding: ["CAP_X"] } };
  await create(context, creation("a", { process }));
  assert.match(fake.warnings[0]!, /CAP_X/);
});

test("a create whose process was killed can be seen, and deleted by force", async (fake, context, root) => {
  // As it is when its creator has gone: a record without an end, and a lock that nobody holds.
  const container = await context.store.create({
    ...{
      id: "a",
      ociVersion: "1.2.0",
      bundle: "/b",
      rootfs: "/b/r",
      annotations: {},
      backend: "fake",
      created: "",
    },
    ...{ owner: 0, complete: false, startable: true, hooks: [], data: {}, init: { pid: 50, startTime: "0" } },
  }, "{}");
  fake.alive.add(50);
  assert.equal((await state(context, "a")).state.status, "creating");
  container.release();
  await refused(deleteContainer(context, "a"), "state", /not stopped: creating/);
  await refused(start(context, "a"), "state", /being created/);
  fake.alive.clear();
  assert.equal((await state(context, "a")).state.status, "stopped");
  await deleteContainer(context, "a", { force: true });
  assert.deepEqual(names(root), ["~lock"]);
});

test(
  "broken states: list and state say so and never hang; delete --force takes them away",
  async (fake, context, root) => {
    await create(context, creation("good"));
    const broken: [string, (path: string) => void][] = [
      ["empty", () => {}],
      ["garbage", (path) => Deno.writeTextFileSync(`${path}/state.json`, "{")],
      ["other", (path) => Deno.copyFileSync(`${root}/good/state.json`, `${path}/state.json`)],
      ["directory", (path) => Deno.mkdirSync(`${path}/state.json`)],
    ];
    for (const [id, spoil] of broken) {
      Deno.mkdirSync(`${root}/${id}`);
      spoil(`${root}/${id}`);
    }
    Deno.writeTextFileSync(`${root}/a-file`, "");
    assert.deepEqual((await list(context)).map(({ state: { id } }) => id), ["good"]);
    assert.equal(fake.warnings.length, broken.length);
    for (const [id] of broken) {
      await assert.rejects(state(context, id), /its state is broken/);
      await assert.rejects(deleteContainer(context, id), /its state is broken/);
      await deleteContainer(context, id, { force: true });
    }
    assert.deepEqual(names(root), ["a-file", "good", "~lock"]);
  },
);

test(
  "what killed processes have left of containers on their way in and out is swept",
  async (_fake, context, root) => {
    for (const name of ["~new-1", "~gone-2"]) {
      Deno.mkdirSync(`${root}/${name}`);
      Deno.writeTextFileSync(`${root}/${name}/state.json`, "{}");
    }
    assert.deepEqual(await list(context), []);
    await create(context, creation("a"));
    assert.deepEqual(names(root), ["a", "~lock"]);
  },
);

test("of many concurrent operations exactly one has its way", async (fake, context, root) => {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => create(context, creation("a"))));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  const starts = await Promise.allSettled(Array.from({ length: 20 }, () => start(context, "a")));
  assert.equal(starts.filter(({ status }) => status === "fulfilled").length, 1);
  const deletes = await Promise.allSettled(
    Array.from({ length: 20 }, () => deleteContainer(context, "a", { force: true })),
  );
  assert.ok(deletes.every(({ status }) => status === "fulfilled"));
  assert.equal(fake.events.filter((event) => event === "destroy").length, 1);
  assert.deepEqual(names(root), ["~lock"]);
});
