/** runtime.md#lifecycle, #operations, #state; config.md#annotations. Scripts of operations. @module */
import type { Subject } from "../types.ts";

const START =
  "runtime.md#start: Attempting to start a container that is not created MUST have no effect on the container and MUST " +
  "generate an error";
const KILL =
  "runtime.md#kill: Attempting to send a signal to a container that is neither created nor running MUST have no effect on " +
  "the container and MUST generate an error";
const DELETE =
  "runtime.md#delete: Attempting to delete a container that is not stopped MUST have no effect on the container and MUST " +
  "generate an error";
const LONG = "sleep=100000000";

/** Operations and states. */
export const lifecycle: Subject = {
  subject: "lifecycle",
  cases: [
    {
      name: "create, start, stopped, delete",
      spec: "runtime.md#lifecycle: The lifecycle describes the timeline of events",
      steps: [
        { verb: "create" },
        { verb: "state", expect: [["status", "is", "created"], ["pid", "atLeast", 1]] },
        { file: "container.out", expect: [["text", "is", ""]] },
        { verb: "start" },
        { until: "stopped" },
        { report: [["pid", "is", 1]] },
        { verb: "delete" },
        { verb: "state", fails: true },
      ],
    },
    {
      name: "the state",
      spec: "runtime.md#state: The state of a container includes the following properties",
      config: { annotations: { "com.example.a": "1" } },
      steps: [
        { verb: "create" },
        {
          verb: "state",
          expect: [
            ["ociVersion", "matches", "^1\\."],
            ["id", "is", "${id}"],
            ["status", "is", "created"],
            ["bundle", "is", "${dir}"],
            ["annotations", "is", { "com.example.a": "1" }],
          ],
        },
      ],
    },
    {
      name: "the program runs at start, not before",
      spec: "runtime.md#lifecycle: the user-specified program MUST NOT be run at this time",
      probe: ["out=/log"],
      steps: [
        { verb: "create" },
        { file: "rootfs/log", expect: [["text", "absent"]] },
        { verb: "start" },
        { until: "stopped" },
        { file: "rootfs/log", expect: [["lines.0", "present"]] },
      ],
    },
    {
      name: "changes of config.json after create have no effect",
      spec: "runtime.md#lifecycle: Any updates to config.json after this step MUST NOT affect the container",
      steps: [
        { verb: "create" },
        { change: { process: { args: ["/probe", "changed"], cwd: "/tmp" }, hostname: "other" } },
        { verb: "start" },
        { until: "stopped" },
        { report: [["args", "is", ["/probe"]], ["cwd", "is", "/"]] },
      ],
    },
    {
      name: "an id that is used already is an error",
      spec:
        "runtime.md#create: If the ID provided is not unique […] the implementation MUST generate an error and a new container " +
        "MUST NOT be created",
      steps: [
        { verb: "create" },
        { verb: "create", fails: true },
        { verb: "state", expect: [["status", "is", "created"]] },
        { verb: "start" },
        { until: "stopped" },
      ],
    },
    {
      name: "an id that is not valid is an error",
      spec: "runtime.md#create: or is not valid in any other way, the implementation MUST generate an error",
      steps: [{ verb: "create", of: "/../x", fails: true }, { verb: "create", of: " x", fails: true }],
    },
    {
      name: "an id may be used again after delete",
      spec: "runtime.md#delete: Once a container is deleted its ID MAY be used by a subsequent container",
      steps: [
        { verb: "create" },
        { verb: "delete", options: ["--force"] },
        { verb: "create" },
        { verb: "state", expect: [["status", "is", "created"]] },
      ],
    },
    {
      name: "state of a container that there is not is an error",
      spec:
        "runtime.md#query-state: Attempting to query a container that does not exist MUST generate an error",
      steps: [{ verb: "state", fails: true }],
    },
    {
      name: "start of a running container is an error",
      spec: START,
      probe: [LONG],
      steps: [
        { verb: "create" },
        { verb: "start" },
        { until: "running" },
        { verb: "start", fails: true },
        { verb: "state", expect: [["status", "is", "running"]] },
      ],
    },
    {
      name: "start of a stopped container is an error",
      spec: START,
      steps: [
        ...[{ verb: "create" }, { verb: "start" }, { until: "stopped" }, {
          verb: "start",
          fails: true,
        }] as const,
        { verb: "state", expect: [["status", "is", "stopped"]] },
      ],
    },
    { name: "start of none is an error", spec: START, steps: [{ verb: "start", fails: true }] },
    {
      name: "kill",
      spec: "runtime.md#kill: This operation MUST send the specified signal to the container process",
      probe: [LONG],
      steps: [
        { verb: "create" },
        { verb: "start" },
        { until: "running" },
        { verb: "kill", args: ["KILL"] },
        { until: "stopped" },
        { verb: "delete" },
      ],
    },
    {
      name: "kill of a created container",
      spec: "runtime.md#kill: neither created nor running",
      steps: [{ verb: "create" }, { verb: "kill", args: ["KILL"] }, { until: "stopped" }, { verb: "delete" }],
    },
    {
      name: "kill of a stopped container is an error",
      spec: KILL,
      steps: [
        ...[{ verb: "create" }, { verb: "start" }, { until: "stopped" }, {
          verb: "kill",
          args: ["KILL"],
          fails: true,
        }] as const,
      ],
    },
    { name: "kill of none is an error", spec: KILL, steps: [{ verb: "kill", args: ["KILL"], fails: true }] },
    {
      name: "kill with a signal that there is not is an error",
      spec:
        "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered",
      probe: [LONG],
      steps: [
        { verb: "create" },
        { verb: "start" },
        { until: "running" },
        { verb: "kill", args: ["NONSENSE"], fails: true },
        { verb: "state", expect: [["status", "is", "running"]] },
      ],
    },
    {
      name: "delete of a running container is an error",
      spec: DELETE,
      probe: [LONG],
      steps: [
        { verb: "create" },
        { verb: "start" },
        { until: "running" },
        { verb: "delete", fails: true },
        { verb: "state", expect: [["status", "is", "running"]] },
      ],
    },
    {
      name: "delete of a created container is an error",
      spec: DELETE,
      steps: [{ verb: "create" }, { verb: "delete", fails: true }, {
        ...{ verb: "state" as const, expect: [["status", "is", "created"] as const] },
      }],
    },
    { name: "delete of none is an error", spec: DELETE, steps: [{ verb: "delete", fails: true }] },
    {
      name: "delete leaves what the container did not make",
      spec:
        "runtime.md#delete: resources associated with the container, but not created by this container, MUST NOT be deleted",
      bundle: { "data/file": "x" },
      add: { mounts: [{ source: "${dir}/data", destination: "/m", options: ["bind"] }] },
      steps: [
        ...[{ verb: "create" }, { verb: "start" }, { until: "stopped" }, { verb: "delete" }] as const,
        { file: "data/file", expect: [["text", "is", "x"]] },
        { file: "config.json", expect: [["text", "present"]] },
      ],
    },
    {
      name: "a program that cannot be started is an error of start or of create",
      spec: "runtime.md#start: This operation MUST run the user-specified program as specified by process",
      config: { process: { args: ["/nothing"] } },
      steps: [{ verb: "run", code: 1 }, { verb: "state", fails: true }],
    },
    {
      name: "exec runs another program in the container",
      spec: "runtime.md#operations",
      probe: [LONG],
      steps: [
        { verb: "create" },
        { verb: "start" },
        { until: "running" },
        {
          verb: "exec",
          options: ["--cwd", "/tmp", "--env", "A=b"],
          args: ["/probe", "beside"],
          expect: [
            ["args", "is", ["/probe", "beside"]],
            ["cwd", "is", "/tmp"],
            ["env", "has", "A=b"],
            ["pids", "has", 1],
            ["capabilities.effective", "lacks", "CAP_SYS_ADMIN"],
          ],
        },
      ],
    },
    {
      name: "pause and resume",
      spec: "runtime.md#state: Additional values MAY be defined by the runtime",
      probe: [LONG],
      steps: [
        { verb: "create" },
        { verb: "start" },
        { until: "running" },
        { verb: "pause" },
        { verb: "state", expect: [["status", "is", "paused"]] },
        { verb: "resume" },
        { verb: "state", expect: [["status", "is", "running"]] },
      ],
    },
  ],
};

/** annotations. */
export const annotations: Subject = {
  subject: "annotations",
  cases: [
    {
      name: "they are in the state",
      spec:
        "runtime.md#state: annotations (map, OPTIONAL) contains the list of annotations associated with the container",
      config: { annotations: { "com.example.gpu-cores": "2", "com.example.empty": "" } },
      steps: [
        { verb: "create" },
        {
          verb: "state",
          expect: [["annotations", "is", { "com.example.gpu-cores": "2", "com.example.empty": "" }]],
        },
      ],
    },
    {
      name: "without them there is no container with any",
      spec:
        "config.md#annotations: If there are no annotations then this property MAY either be absent or an empty map",
      steps: [{ verb: "create" }, { verb: "state", expect: [["annotations.com", "absent"]] }],
    },
    {
      name: "unknown keys of org.opencontainers are ignored",
      spec:
        "config.md#annotations: Runtimes MUST handle unknown annotation keys like any other unknown property",
      config: { annotations: { "org.opencontainers.no-such-thing": "1" } },
      expect: [["pid", "is", 1]],
    },
    {
      name: "a value that is not a string is an error",
      spec: "config.md#annotations: Values MUST be strings",
      config: { annotations: { "com.example.a": 1 } },
      fails: "create",
    },
    {
      name: "an empty key is an error",
      spec: "config.md#annotations: Keys MUST NOT be an empty string",
      config: { annotations: { "": "x" } },
      fails: "create",
    },
  ],
};
