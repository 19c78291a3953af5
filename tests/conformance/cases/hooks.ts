/** config.md#posix-platform-hooks. Each hook writes a line into the bundle's file `log`. @module */
import type { Case, Json, Step, Subject } from "../types.ts";

const LISTED = "config.md#posix-platform-hooks: Hooks MUST be called in the listed order";
const LIFE =
  "runtime.md#lifecycle: hook fails, the runtime MUST generate an error, stop the container, and continue the lifecycle at step 12";
const VALID =
  "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered";

/** A hook in the runtime's namespaces that runs a command of the shell. */
const shell = (command: string, more: Json = {}): Json => ({
  path: "/bin/sh",
  args: ["sh", "-c", command],
  ...more,
});
const logs = (word: string): Json => shell(`cat >/dev/null; echo ${word} >>\${dir}/log`);
const STATE = shell("cat >>${dir}/log; echo >>${dir}/log");

const log = (...lines: string[]): Step => ({ file: "log", expect: [["lines", "is", lines]] });
const WHOLE: readonly Step[] = [{ verb: "create" }, { verb: "start" }, { until: "stopped" }, {
  verb: "delete",
}];

/** The same of a program that would run for long. */
const KILLED: readonly Step[] = [
  ...[{ verb: "create" }, { verb: "start" }, { verb: "kill", args: ["KILL"] }, { until: "stopped" }] as const,
  { verb: "delete" },
];
const LONG = "sleep=100000000";

/** Hooks of the runtime's namespaces; `when` are the steps before which it must have run, and after which not. */
const RUNTIME = ["prestart", "createRuntime", "poststart", "poststop"] as const;

const state = (kind: string, status: string, annotations: Json): Case => ({
  name: `${kind} gets the state`,
  spec: "config.md#posix-platform-hooks: The state of the container MUST be passed to hooks over stdin",
  config: { annotations, hooks: { [kind]: [STATE] } },
  probe: [LONG],
  steps: [...KILLED, {
    file: "log",
    expect: [
      ["json.0.id", "is", "${id}"],
      ["json.0.status", "is", status],
      ["json.0.bundle", "is", "${dir}"],
      ["json.0.annotations", "is", annotations],
      ["json.0.ociVersion", "present"],
    ],
  }],
});

const failing = (kind: string): Case => ({
  name: `${kind} that fails`,
  spec: `${LIFE}: ${kind}`,
  config: {
    hooks: {
      [kind]: [shell("cat >/dev/null; echo failing >>${dir}/log; exit 3"), logs("never")],
      poststop: [logs("poststop")],
    },
  },
  steps: [{ verb: "create", fails: true }, { verb: "state", fails: true }, log("failing", "poststop")],
});

/** hooks. */
export const hooks: Subject = {
  subject: "hooks",
  cases: [
    {
      name: "all of the runtime's, in order",
      spec: LISTED,
      config: {
        hooks: Object.fromEntries(RUNTIME.map((kind) => [kind, [logs(`${kind}1`), logs(`${kind}2`)]])),
      },
      probe: [LONG],
      steps: [
        { verb: "create" },
        log("prestart1", "prestart2", "createRuntime1", "createRuntime2"),
        { verb: "start" },
        log("prestart1", "prestart2", "createRuntime1", "createRuntime2", "poststart1", "poststart2"),
        { verb: "kill", args: ["KILL"] },
        { until: "stopped" },
        log("prestart1", "prestart2", "createRuntime1", "createRuntime2", "poststart1", "poststart2"),
        { verb: "delete" },
        log(...RUNTIME.flatMap((kind) => [`${kind}1`, `${kind}2`])),
      ],
    },
    state("prestart", "creating", { "com.example.a": "1" }),
    state("createRuntime", "creating", { "com.example.a": "1" }),
    state("poststart", "running", { "com.example.a": "1" }),
    state("poststop", "stopped", { "com.example.a": "1" }),
    {
      name: "args and env are those that are given",
      spec:
        "config.md#posix-platform-hooks: env (array of strings, OPTIONAL) with the same semantics as environ",
      config: {
        hooks: {
          createRuntime: [{
            path: "/bin/sh",
            args: ["name", "-c", 'cat >/dev/null; echo "$0 $A ${HOME-none} $1" >>"$B"', "zero", "one"],
            env: ["A=a", "B=${dir}/log"],
          }],
        },
      },
      steps: [...WHOLE, log("zero a none one")],
    },
    {
      name: "args, env and timeout of every kind",
      spec:
        "config.md#posix-platform-hooks: Entries in the array have the same schema as createRuntime entries",
      config: {
        hooks: Object.fromEntries(
          ["prestart", "createRuntime", "poststart", "poststop"].map((kind) => [kind, [
            shell(`cat >/dev/null; echo ${kind} $A >>\${dir}/log`, { env: ["A=a"], timeout: 20 }),
          ]]),
        ),
      },
      probe: [LONG],
      steps: [...KILLED, log("prestart a", "createRuntime a", "poststart a", "poststop a")],
    },
    {
      name: "env and timeout of hooks in the container's namespaces",
      spec:
        "config.md#posix-platform-hooks: Entries in the array have the same schema as createRuntime entries",
      config: {
        hooks: {
          createContainer: [{ path: "${probe}", args: ["probe", "exit=0"], env: ["H=1"], timeout: 20 }],
          startContainer: [{ path: "/probe", args: ["probe", LONG], env: ["H=1"], timeout: 1 }],
        },
      },
      steps: [{ verb: "create" }, { verb: "start", fails: true }],
    },
    failing("prestart"),
    failing("createRuntime"),
    {
      name: "poststart that fails",
      spec: `${LIFE}: poststart`,
      config: { hooks: { poststart: [shell("cat >/dev/null; exit 3")] } },
      probe: [LONG],
      steps: [{ verb: "create" }, { verb: "start", fails: true }],
    },
    {
      name: "poststop that fails is a warning",
      spec:
        "runtime.md#lifecycle: If any poststop hook fails, the runtime MUST log a warning, but the remaining hooks and lifecycle " +
        "continue as if the hook had succeeded",
      config: { hooks: { poststop: [shell("cat >/dev/null; exit 3"), logs("second")] } },
      steps: [...WHOLE, log("second"), { verb: "state", fails: true }],
    },
    {
      name: "timeout",
      spec:
        "config.md#posix-platform-hooks: timeout (int, OPTIONAL) is the number of seconds before aborting the hook",
      config: { hooks: { createRuntime: [shell("cat >/dev/null; exec sleep 1000", { timeout: 1 })] } },
      fails: "create",
      process: true,
    },
    {
      name: "createContainer runs in the container's namespaces",
      spec:
        "config.md#createcontainer-hooks: The createContainer hooks MUST be executed in the container namespace; the path MUST " +
        "resolve in the runtime namespace",
      config: { hooks: { createContainer: [{ path: "${probe}", args: ["probe", "exit=0"] }] } },
      steps: [...WHOLE],
    },
    {
      name: "createContainer that fails",
      spec: `${LIFE}: createContainer`,
      config: {
        hooks: {
          createContainer: [{ path: "${probe}", args: ["probe", "exit=4"] }],
          poststop: [logs("poststop")],
        },
      },
      steps: [{ verb: "create", fails: true }, { verb: "state", fails: true }, log("poststop")],
    },
    {
      name: "startContainer runs in the container",
      spec:
        "config.md#startcontainer-hooks: The startContainer hooks' path MUST resolve in the container namespace",
      config: {
        hostname: "inside",
        hooks: {
          startContainer: [{
            path: "/probe",
            args: ["probe", "hook", "stdin=yes", "out=/log"],
            env: ["H=1"],
          }],
        },
      },
      probe: ["out=/log"],
      steps: [
        { verb: "create" },
        { file: "rootfs/log", expect: [["text", "absent"]] },
        { verb: "start" },
        { until: "stopped" },
        {
          file: "rootfs/log",
          expect: [
            ["json.0.args.1", "is", "hook"],
            ["json.0.env", "is", ["H=1"]],
            ["json.0.stdin", "matches", '"status":\\s*"created"'],
            ["json.0.files./proc/sys/kernel/hostname", "is", "inside\n"],
            ["json.1.args", "has", "/probe"],
          ],
        },
      ],
    },
    {
      name: "startContainer that fails",
      spec: `${LIFE}: startContainer`,
      config: { hooks: { startContainer: [{ path: "/probe", args: ["probe", "exit=4"] }] } },
      probe: ["out=/log"],
      steps: [
        { verb: "create" },
        { verb: "start", fails: true },
        { file: "rootfs/log", expect: [["text", "absent"]] },
      ],
    },
    {
      name: "a program that is not there is an error",
      spec: LIFE,
      config: { hooks: { createRuntime: [{ path: "${dir}/nowhere" }] } },
      fails: "create",
      process: true,
    },
    {
      name: "a relative path is an error",
      spec:
        "config.md#posix-platform-hooks: This specification extends the IEEE standard in that path MUST be absolute",
      config: { hooks: { createRuntime: [{ path: "sh" }] } },
      fails: "create",
      process: true,
    },
    {
      name: "a timeout of 0 is an error",
      spec: "config.md#posix-platform-hooks: If set, timeout MUST be greater than zero",
      config: { hooks: { createRuntime: [shell("sleep 1", { timeout: 0 })] } },
      fails: "create",
      process: true,
    },
    {
      name: "a hook without path is an error",
      spec: VALID,
      config: { hooks: { poststop: [{ args: ["x"] }] } },
      fails: "create",
      process: true,
    },
  ],
};
