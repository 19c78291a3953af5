import assert from "node:assert/strict";
import { ENAMETOOLONG } from "../../fs/abi/errno.ts";
import { syscallNumber } from "../../runtime/abi/linux/syscall_numbers.ts";
import { syscallTable } from "../../runtime/abi/linux/syscall_table.ts";
import { type Bench, withBench } from "../runtime/support.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { repositoryFile } from "../support/umiak.ts";
import { type Config, inUserNamespace, NATIVE, nativeBundle } from "./support.ts";

const AGENT = { ...NATIVE, tools: ["python3", "perl"], missing: reasonAgainst(NATIVE) };
const machine = Deno.build.arch === "aarch64" ? "aarch64" : "x86_64";
const MKDIRAT = syscallNumber("mkdirat", machine), EXECVE = syscallNumber("execve", machine);

/** What the agent says of a connection. */
interface Said {
  readonly message: {
    readonly ociVersion: string;
    readonly fds: string[];
    readonly pid: number;
    readonly metadata?: string;
    readonly state: {
      readonly id: string;
      readonly status: string;
      readonly pid: number;
      readonly bundle: string;
    };
  };
  readonly sent: number[];
  readonly calls: number[];
  readonly closed: boolean | null;
}

/** An agent that has mkdirat(2) fail with ENAMETOOLONG and lets all other calls be made. */
class Agent implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(readonly path: string) {
    this.#child = new Deno.Command("python3", {
      args: [
        ...["-u", repositoryFile("tests/native/seccomp_agent.py"), path],
        ...[String(MKDIRAT), String(ENAMETOOLONG)],
      ],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("the agent has ended");
      this.#text += value;
    }
  }

  /** What it says of a connection whose filter's last process has gone. */
  async said(): Promise<Said> {
    return JSON.parse(await this.line());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#lines.cancel();
    await this.#child.status;
  }
}

async function withAgent(f: (bench: Bench, agent: Agent) => Promise<void>): Promise<void> {
  await withBench(async (bench) => {
    await Deno.chmod(bench.dir, 0o755); // for root of a user namespace, who is nobody outside
    await using agent = new Agent(`${bench.dir}/agent.sock`);
    assert.equal(await agent.line(), "listening");
    await f(bench, agent);
  });
}

/** A program that makes a directory, and says by which errno that failed, which descriptors it has, and which children. */
const PROGRAM = [
  "perl",
  "-e",
  `my $path = "/tmp/x"; syscall(${MKDIRAT}, -100, $path, 0755); print int($!), "\\n"; ` +
  'opendir(D, "/proc/self/fd"); my $own = fileno(D); print join(" ", sort grep { /\\d/ && $_ != $own } readdir(D)), "\\n"; ' +
  'open(F, "/proc/self/task/$$/children"); print <F>, "\\n";',
];
/** Standard descriptors and that of /proc/self/fd; no children. */
const OUTPUT = `${ENAMETOOLONG}\n0 1 2\n\n`;

const notify = (path: string, names: string[], more: object = {}) => ({
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names, action: "SCMP_ACT_NOTIFY" }],
  ...{ listenerPath: path, listenerMetadata: "opaque, data", ...more },
});

const withFilter =
  (seccomp: object, change: (config: Config) => void = () => {}) => (config: Config): void => {
    config.linux.seccomp = seccomp;
    Object.assign(config.process, { args: PROGRAM });
    config.annotations = { key: "value" };
    change(config);
  };

testWhen(
  AGENT,
  "config-linux.md#containerprocessstate: the listener gets the state and the descriptor, once, and answers calls",
  () =>
    withAgent(async (bench, agent) => {
      for (const noNewPrivileges of [true, false]) {
        const id = `c-${noNewPrivileges}`;
        const bundle = nativeBundle(
          bench,
          id,
          "",
          withFilter(notify(agent.path, ["mkdirat"]), (config) => {
            config.process.noNewPrivileges = noNewPrivileges;
          }),
        );
        await bench.ok("create", "-b", bundle, id);
        const { pid } = await bench.state(id), call = bench.calls - 1;
        await bench.ok("start", id);
        await bench.stopped(id);
        assert.equal(bench.output(call), OUTPUT);
        const { message, sent, calls, closed } = await agent.said();
        assert.deepEqual(message, {
          ociVersion: "1.3.0",
          fds: ["seccompFd"],
          pid,
          metadata: "opaque, data",
          state: {
            ...{ ociVersion: "1.0.2", id, status: "creating", pid, bundle },
            annotations: { key: "value" },
          },
        });
        assert.deepEqual([sent, calls, closed], [[1], [MKDIRAT], true]);
        await bench.ok("delete", id);
      }
    }),
);

testWhen(
  AGENT,
  "config-linux.md#seccomp: a listener for every call, other users, user namespaces, flags, pid namespaces of others",
  () =>
    withAgent(async (bench, agent) => {
      const all = [...syscallTable(machine).keys()];
      const flags = (...names: string[]) => ({ flags: names.map((name) => `SECCOMP_FILTER_FLAG_${name}`) });
      const wide = { listenerPath: agent.path, defaultAction: "SCMP_ACT_NOTIFY" };
      const mkdirat = notify(agent.path, ["mkdirat"]);
      const user = (config: Config): void => void (config.process.user = { uid: 33, gid: 33 });
      const without = (type: string) => (config: Config): void => {
        config.linux.namespaces = config.linux.namespaces.filter((each: { type: string }) =>
          each.type !== type
        );
      };
      const cases: readonly (readonly [string, object, (config: Config) => void])[] = [
        ["write", notify(agent.path, ["mkdirat", "write", "read", "sendmsg", "execve"]), () => {}],
        ["all", notify(agent.path, all), () => {}],
        ["default", wide, () => {}],
        ["user", mkdirat, user],
        ["userns", mkdirat, inUserNamespace],
        ["killable", notify(agent.path, ["mkdirat"], flags("WAIT_KILLABLE_RECV")), () => {}],
        ["tsync", notify(agent.path, ["mkdirat"], flags("TSYNC", "LOG")), () => {}],
        ["pid", mkdirat, without("pid")],
      ];
      for (const noNewPrivileges of [true, false]) {
        for (const [what, seccomp, change] of cases) {
          const id = `${what}-${noNewPrivileges}`;
          const bundle = nativeBundle(
            bench,
            id,
            "",
            withFilter(seccomp, (config) => {
              config.process.noNewPrivileges = noNewPrivileges;
              change(config);
            }),
          );
          const { code, stdout, stderr } = await bench.call("run", "-b", bundle, id);
          assert.deepEqual([code, stdout, stderr], [0, OUTPUT, ""], id);
          const { calls, sent, message } = await agent.said();
          assert.deepEqual([calls.includes(MKDIRAT), sent, message.state.id], [true, [1], id]);
          if (what === "write") assert.ok(calls.includes(EXECVE), id);
        }
      }
    }),
);

testWhen(
  AGENT,
  "config-linux.md#seccomp: what exec starts has a listener of its own",
  () =>
    withAgent(async (bench, agent) => {
      for (const noNewPrivileges of [true, false]) {
        const id = `c-${noNewPrivileges}`;
        const sleep = nativeBundle(
          bench,
          id,
          "",
          withFilter(notify(agent.path, ["mkdirat", "execve"]), (config) => {
            Object.assign(config.process, { args: ["sleep", "1000"], noNewPrivileges });
          }),
        );
        await bench.ok("create", "-b", sleep, id);
        const { pid } = await bench.state(id);
        const execute = async (status: string): Promise<void> => {
          const { process } = JSON.parse(Deno.readTextFileSync(`${sleep}/config.json`));
          const path = `${bench.dir}/process.json`;
          Deno.writeTextFileSync(path, JSON.stringify({ ...process, args: PROGRAM }));
          const { code, stdout, stderr } = await bench.call("exec", "--process", path, id);
          assert.deepEqual([code, stdout, stderr], [0, OUTPUT, ""]);
          const { message, calls, sent, closed } = await agent.said();
          assert.deepEqual([message.state.status, message.state.pid], [status, pid]);
          assert.notEqual(message.pid, pid);
          assert.deepEqual([sent, closed, calls.at(-1)], [[1], true, MKDIRAT]);
          assert.equal(new Set(calls).size, 2); // and execve, as often as PATH has directories up to perl's
        };
        await execute("created");
        await bench.ok("start", id);
        await execute("running");
        await bench.ok("delete", "--force", id);
        const { message, calls } = await agent.said();
        assert.equal(message.pid, pid);
        assert.ok(calls.every((call) => call === EXECVE), String(calls));
      }
    }),
);

testWhen(
  AGENT,
  "config-linux.md#seccomp: a listener that cannot be told is an error, and nothing is left",
  () =>
    withBench(async (bench) => {
      const absent = `${bench.dir}/nobody`;
      const cases: readonly (readonly [string, object, RegExp])[] = [
        [
          "absent",
          notify(absent, ["mkdirat"]),
          /listenerPath: sending the seccomp listener to .*: no such file/,
        ],
        [
          "unset",
          { ...notify(absent, ["mkdirat"]), listenerPath: "", listenerMetadata: "" },
          /listenerPath is not set/,
        ],
        [
          "flag",
          { defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] },
          /WAIT_KILLABLE_RECV: no rule is SCMP_ACT_NOTIFY/,
        ],
      ];
      for (const [id, seccomp, message] of cases) {
        for (const noNewPrivileges of [true, false]) {
          const bundle = nativeBundle(
            bench,
            `${id}-${noNewPrivileges}`,
            "",
            withFilter(seccomp, (config) => config.process.noNewPrivileges = noNewPrivileges),
          );
          const { code, stderr } = await bench.call("create", "-b", bundle, id);
          assert.deepEqual([code, message.test(stderr)], [1, true], stderr);
        }
      }
      assert.equal(await bench.ok("list", "-q"), "");
      // Without SCMP_ACT_NOTIFY "this value is ignored".
      const ignored = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: absent };
      const bundle = nativeBundle(bench, "ignored", "true", (config) => config.linux.seccomp = ignored);
      assert.equal((await bench.call("run", "-b", bundle, "ignored")).code, 0);
    }),
);

testWhen(
  { ...AGENT, tools: ["python3", "perl", "runc"] },
  "a listener is told what runc tells it",
  () =>
    withAgent(async (bench, agent) => {
      const id = `umiak-listener-${Deno.pid}`;
      const bundle = nativeBundle(bench, id, "", withFilter(notify(agent.path, ["mkdirat", "execve"])));
      const { stdout, stderr } = await new Deno.Command("runc", {
        args: ["--root", `${bench.dir}/runc`, "run", "--bundle", bundle, id],
        stdin: "null",
      }).output();
      const theirs = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      const ours = await bench.call("run", "-b", bundle, id);
      assert.deepEqual([ours.stdout, ours.stderr], [theirs, ""]);
      const comparable = ({ message, sent, calls }: Said) => {
        const { ociVersion: _version, pid, state, ...rest } = message;
        const { ociVersion: _other, pid: its, ...more } = state as typeof state & { ociVersion: string };
        // A signal of Go's to runc's thread interrupts its execve, which is then told once more.
        const told = calls.filter((call, i) => call !== calls[i - 1]);
        return { sent, told, rest, more, same: pid === its };
      };
      const first = await agent.said(), second = await agent.said();
      assert.deepEqual(comparable(second), comparable(first));
    }),
);
