/** Hooks of real containers: programs of the host, and WebAssembly modules in the container's namespaces (config.md#posix-platform-hooks). @module */
import assert from "node:assert/strict";
import { repositoryFile } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { type Bench, withBench } from "./support.ts";

const unix = { os: ["linux", "darwin"] as const };
const PROBE = repositoryFile("tests/guests/probe.wasm");
const LONG = "100000000";

/** A hook that appends its name and the state it gets to a file. */
function logging(bench: Bench, name: string, rest = ""): Record<string, unknown> {
  const script = `echo ${name} $(cat) >>'${bench.dir}/hooks.log'; ${rest}`;
  return { path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/usr/bin:/bin"] };
}

/** Names and statuses that hooks have logged. */
function logged(bench: Bench): string[] {
  return Deno.readTextFileSync(`${bench.dir}/hooks.log`).trim().split("\n").map((line) => {
    const at = line.indexOf(" "), state = JSON.parse(line.slice(at));
    assert.deepEqual([state.id, typeof state.bundle, state.annotations], ["c", "string", {}]);
    return `${line.slice(0, at)} ${state.status}${state.pid > 0 ? " pid" : ""}`;
  });
}

testWhen(
  unix,
  "hooks of the runtime's namespace run at their points, in order, with the state on stdin",
  () =>
    withBench(async (bench) => {
      const names = ["prestart", "createRuntime", "poststart", "poststop"];
      const hooks = Object.fromEntries(
        names.map((name) => [name, [logging(bench, `${name}1`), logging(bench, `${name}2`)]]),
      );
      await bench.ok("create", "-b", bench.bundle("b", ["args"], { hooks }), "c");
      const create = ["prestart1", "prestart2", "createRuntime1", "createRuntime2"].map((name) =>
        `${name} creating pid`
      );
      assert.deepEqual(logged(bench), create);
      await bench.ok("start", "c");
      const start = [...create, "poststart1 running pid", "poststart2 running pid"];
      assert.deepEqual(logged(bench), start);
      await bench.stopped("c");
      await bench.ok("delete", "c");
      assert.deepEqual(logged(bench), [...start, "poststop1 stopped", "poststop2 stopped"]);
    }),
);

testWhen(unix, "a hook can ask for the state of its container", () =>
  withBench(async (bench) => {
    const words = [Deno.execPath(), "run", "--quiet", "-A", "--no-check", "--no-lock", "--config"];
    const command = [
      ...words,
      repositoryFile("deno.json"),
      repositoryFile("cli/runtime/main.ts"),
      "--root",
      bench.root,
    ];
    const hook = {
      path: "/bin/sh",
      args: ["sh", "-c", `'${command.join("' '")}' state c >'${bench.dir}/seen'`],
      env: [],
    };
    const env = Object.entries(Deno.env.toObject()).map(([name, value]) => `${name}=${value}`);
    await bench.ok(
      "create",
      "-b",
      bench.bundle("b", [], { hooks: { createRuntime: [{ ...hook, env }] } }),
      "c",
    );
    assert.equal(JSON.parse(Deno.readTextFileSync(`${bench.dir}/seen`)).status, "creating");
  }));

for (const name of ["prestart", "createRuntime"]) {
  testWhen(
    unix,
    `${name} fails: create fails, poststop hooks run, nothing is left`,
    () =>
      withBench(async (bench) => {
        const hooks = {
          [name]: [logging(bench, name, "echo why; exit 3")],
          poststop: [logging(bench, "poststop")],
        };
        const { code, stderr } = await bench.call("create", "-b", bench.bundle("b", [], { hooks }), "c");
        assert.equal(code, 1);
        assert.match(
          stderr,
          new RegExp(`error running ${name} hook #0: /bin/sh: exit status 3, output: why`),
        );
        assert.deepEqual(logged(bench), [`${name} creating pid`, "poststop stopped"]);
        assert.equal(await bench.ok("list", "-q"), "");
      }),
  );
}

testWhen(
  unix,
  "a hook that is killed, takes too long, or is not there is a failure",
  () =>
    withBench(async (bench) => {
      const cases: [Record<string, unknown>, RegExp][] = [
        [{ path: "/bin/sh", args: ["sh", "-c", "kill -9 $$"] }, /signal: SIGKILL/],
        [
          { path: "/bin/sh", args: ["sh", "-c", "exec sleep 1000"], env: ["PATH=/bin:/usr/bin"], timeout: 1 },
          /within 1 s/,
        ],
        [{ path: "/no/such/hook" }, /\/no\/such\/hook: no such file or directory/],
      ];
      for (const [i, [hook, message]] of cases.entries()) {
        const bundle = bench.bundle(`b${i}`, [], { hooks: { prestart: [hook] } });
        assert.match((await bench.call("create", "-b", bundle, "c")).stderr, message);
      }
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);

testWhen(
  unix,
  "a poststart hook fails: the container is killed and destroyed",
  () =>
    withBench(async (bench) => {
      const hooks = {
        poststart: [logging(bench, "poststart", "exit 1")],
        poststop: [logging(bench, "poststop")],
      };
      await bench.ok("create", "-b", bench.bundle("b", ["sleep", LONG], { hooks }), "c");
      assert.match((await bench.call("start", "c")).stderr, /error running poststart hook #0/);
      assert.deepEqual(logged(bench), ["poststart running pid", "poststop stopped"]);
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);

testWhen(unix, "a poststop hook fails: a warning, and the next one runs", () =>
  withBench(async (bench) => {
    const hooks = { poststop: [logging(bench, "one", "exit 1"), logging(bench, "two")] };
    await bench.ok("run", "-d", "-b", bench.bundle("b", ["args"], { hooks }), "c");
    const { code, stderr } = await bench.call("delete", "--force", "c");
    assert.deepEqual([code, /error running poststop hook #0/.test(stderr)], [0, true]);
    assert.deepEqual(logged(bench), ["one stopped", "two stopped"]);
  }));

testWhen(
  unix,
  "createContainer and startContainer hooks are modules that run in the container's namespaces",
  () =>
    withBench(async (bench) => {
      const hooks = {
        // The path is the host's, the root not yet changed: what is written is in the kernel's own tree.
        createContainer: [{ path: PROBE, args: ["probe", "lines"] }],
        // The path is the container's.
        startContainer: [{ path: "/probe.wasm", args: ["probe", "put", "/made-by-hook", "yes"] }],
      };
      await bench.ok("create", "-b", bench.bundle("b", ["cat", "/made-by-hook"], { hooks }), "c");
      const create = bench.calls;
      await bench.ok("start", "c");
      assert.equal((await bench.stopped("c")).exitStatus, 0);
      assert.equal(bench.output(create), "yes");
    }),
);

testWhen(
  unix,
  "they fail as the others do; what is no module is an error that says so",
  () =>
    withBench(async (bench) => {
      const create: [Record<string, unknown>, RegExp][] = [
        [
          { path: PROBE, args: ["probe", "exit", "3"] },
          /createContainer hook #0: .*probe\.wasm: exit status 3/,
        ],
        [{ path: PROBE, args: ["probe", "sleep", LONG], timeout: 1 }, /it did not end within 1 s/],
        [{ path: PROBE, args: ["probe", "abort"] }, /signal: SIGABRT/],
        [{ path: "/bin/sh" }, /must be a WebAssembly module/],
      ];
      for (const [i, [hook, message]] of create.entries()) {
        const bundle = bench.bundle(`b${i}`, [], { hooks: { createContainer: [hook] } });
        assert.match((await bench.call("create", "-b", bundle, "c")).stderr, message);
      }
      const hooks = {
        startContainer: [{ path: "/probe.wasm", args: ["probe", "exit", "4"] }],
        poststop: [logging(bench, "poststop")],
      };
      await bench.ok("create", "-b", bench.bundle("start", ["args"], { hooks }), "c");
      assert.match(
        (await bench.call("start", "c")).stderr,
        /startContainer hook #0: \/probe\.wasm: exit status 4/,
      );
      assert.deepEqual(logged(bench), ["poststop stopped"]);
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);
