/** config.json: what is read, and the paths in errors. @module */
import assert from "node:assert/strict";
import { JsonError } from "../../json/mod.ts";
import { decodeSpec, parseSpec } from "./decode.ts";
import { capabilityWarnings } from "./warnings.ts";

const minimal = { ociVersion: "1.2.0", root: { path: "rootfs" }, process: { cwd: "/", args: ["sh"] } };

/** A copy of the minimal configuration with one field set. */
function withField(path: string, value: unknown): unknown {
  const copy = structuredClone(minimal) as Record<string, unknown>;
  const parts = path.split(".");
  const last = parts.pop()!;
  let at = copy;
  for (const part of parts) at = (at[part] ??= {}) as Record<string, unknown>;
  at[last] = value;
  return copy;
}

Deno.test("defaults of what is left out", () => {
  const spec = decodeSpec(minimal);
  assert.deepEqual(spec.process!.user, { uid: 0, gid: 0, additionalGids: [] });
  assert.deepEqual([
    spec.process!.terminal,
    spec.process!.noNewPrivileges,
    spec.mounts,
    spec.linux.namespaces,
  ], [false, false, [], []]);
  assert.equal(spec.root!.readonly, false);
});

Deno.test("unknown fields are ignored (config.md#extensibility)", () => {
  assert.equal(
    decodeSpec({ ...minimal, "com.example.new": 1, process: { ...minimal.process, future: {} } }).process!
      .cwd,
    "/",
  );
});

Deno.test("wrong values are errors with the path", () => {
  const cases: [string, unknown, RegExp][] = [
    ["ociVersion", "2.0.0", /^config\.json: ociVersion: version "2\.0\.0" is not supported/],
    ["ociVersion", 1, /ociVersion: expected a string, found a number/],
    ["process.cwd", "relative", /process\.cwd: "relative" is not an absolute path/],
    ["process.args", [], /process\.args: at least one argument is required/],
    ["process.args", ["a", 1], /process\.args\[1\]: expected a string, found a number/],
    ["process.args", ["a\0b"], /process\.args\[0\]: it contains a NUL/],
    ["process.env", "A=1", /process\.env: expected an array, found a string/],
    ["process.terminal", "yes", /process\.terminal: expected a boolean/],
    ["process.user.uid", -1, /process\.user\.uid: -1 is out of range/],
    ["process.user.uid", 2 ** 32, /process\.user\.uid: 4294967296 is out of range/],
    ["process.user.umask", 0o1000, /process\.user\.umask: 512 is out of range/],
    [
      "process.rlimits",
      [{ type: "RLIMIT_X", soft: 1, hard: 1 }],
      /process\.rlimits\[0\]\.type: unknown limit/,
    ],
    [
      "process.rlimits",
      [{ type: "RLIMIT_CORE", soft: 2, hard: 1 }],
      /process\.rlimits\[0\]: the soft limit 2 is above/,
    ],
    ["process.rlimits", [{ type: "RLIMIT_CORE", soft: 1, hard: 1 }, {
      type: "RLIMIT_CORE",
      soft: 1,
      hard: 1,
    }], /rlimits\[1\]\.type: RLIMIT_CORE occurs twice/],
    ["mounts", [{ destination: 5 }], /mounts\[0\]\.destination: expected a string/],
    ["mounts", [{ destination: "/x", options: "ro" }], /mounts\[0\]\.options: expected an array/],
    ["linux.namespaces", [{ type: "foo" }], /linux\.namespaces\[0\]\.type: unknown namespace "foo"/],
    [
      "linux.namespaces",
      [{ type: "pid" }, { type: "pid" }],
      /linux\.namespaces\[1\]\.type: namespace pid occurs twice/,
    ],
    ["linux.devices", [{ type: "x", path: "/dev/x" }], /linux\.devices\[0\]\.type: unknown device type/],
    [
      "linux.devices",
      [{ type: "c", path: "dev/x", major: 1, minor: 1 }],
      /linux\.devices\[0\]\.path: "dev\/x" is not an absolute path/,
    ],
    ["linux.devices", [{ type: "c", path: "/dev/x" }], /linux\.devices\[0\]\.major: a number is required/],
    ["linux.maskedPaths", ["proc"], /linux\.maskedPaths\[0\]: "proc" is not an absolute path/],
    ["linux.sysctl", { a: 1 }, /linux\.sysctl\.a: expected a string/],
    ["linux.rootfsPropagation", "wild", /linux\.rootfsPropagation: unknown propagation/],
    ["root", {}, /root\.path: a string is required/],
    ["root", undefined, /config\.json: root: an object is required/],
    ["ociVersion", "1.3", /ociVersion: "1\.3" is not a version/],
    ["process.capabilities", { bounding: [1] }, /capabilities\.bounding\[0\]: expected a string/],
    ["process.scheduler", { policy: "SCHED_X" }, /scheduler\.policy: unknown scheduling policy "SCHED_X"/],
    [
      "process.scheduler",
      { policy: "SCHED_RR", priority: 2 ** 31 },
      /scheduler\.priority: 2147483648 is out of/,
    ],
    [
      "process.ioPriority",
      { class: "IOPRIO_CLASS_BE", priority: 8 },
      /ioPriority\.priority: 8 is out of range/,
    ],
    ["process.execCPUAffinity", { initial: "0-x" }, /execCPUAffinity\.initial: "0-x" is not a list/],
    ["mounts", [{ destination: "/x", uidMappings: [] }], /mounts\[0\]\.gidMappings: .* needed together/],
    [
      "mounts",
      [{ destination: "/x", type: "bind", options: ["rbind", "idmap"] }],
      /mounts\[0\]\.options\[1\]: idmap needs uidMappings and gidMappings, or a user namespace/,
    ],
    ["hooks", { prestart: [{ path: "x" }] }, /hooks\.prestart\[0\]\.path: "x" is not an absolute path/],
    ["hooks", { poststop: [{ path: "/x", timeout: 0 }] }, /hooks\.poststop\[0\]\.timeout: 0 is out of range/],
    ["linux.uidMappings", [{ containerID: 0, hostID: 2 ** 32 - 1, size: 2 }], /uidMappings\[0\]: 2 ids from/],
    ["linux.timeOffsets", { realtime: {} }, /timeOffsets\.realtime: unknown clock/],
    [
      "linux.timeOffsets",
      { monotonic: { nanosecs: 1e9 } },
      /monotonic\.nanosecs: 1000000000 is out of range/,
    ],
    ["linux.netDevices", { "a/b": {} }, /netDevices\["a\/b"\]: "a\/b" is not the name of a network/],
    ["linux.intelRdt", { closID: "../x" }, /intelRdt\.closID: "\.\.\/x" is not the name of a class/],
    ["linux.intelRdt", { memBwSchema: "L3:0=f" }, /intelRdt\.memBwSchema: it does not begin with "MB:"/],
    ["linux.intelRdt", { schemata: ["a\nb"] }, /intelRdt\.schemata\[0\]: it contains a newline/],
    ["linux.memoryPolicy", { mode: "MPOL_X" }, /memoryPolicy\.mode: unknown memory policy/],
    ["linux.personality", { domain: "LINUX", flags: ["X"] }, /personality\.flags: no flags are supported/],
    ["linux.seccomp", { defaultAction: "X" }, /seccomp\.defaultAction: unknown seccomp action/],
    [
      "linux.seccomp",
      { defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1 },
      /defaultErrnoRet: .* has no errno/,
    ],
    [
      "linux.seccomp",
      { defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x" },
      /seccomp\.listenerMetadata: it must not be set without listenerPath/,
    ],
    [
      "linux.seccomp",
      { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: [], action: "SCMP_ACT_ERRNO" }] },
      /seccomp\.syscalls\[0\]\.names: at least one system call/,
    ],
    ["linux.resources", { memory: { limit: -2 } }, /resources\.memory\.limit: -2 is out of range/],
    ["linux.resources", { memory: { swappiness: 101 } }, /memory\.swappiness: 101 is out of range/],
    ["linux.resources", { cpu: { quota: 5, burst: 6 } }, /cpu\.burst: 6 is larger than the quota 5/],
    [
      "linux.resources",
      { devices: [{ type: "c" }] },
      /resources\.devices\[0\]\.allow: a boolean is required/,
    ],
    [
      "linux.resources",
      { devices: [{ allow: true, access: "x" }] },
      /devices\[0\]\.access: "x" is not made of/,
    ],
    [
      "linux.resources",
      { blockIO: { weightDevice: [{ major: 8, minor: 0 }] } },
      /weight or leafWeight is req/,
    ],
    ["linux.resources", { rdma: { mlx: {} } }, /resources\.rdma\.mlx: hcaHandles or hcaObjects is required/],
    [
      "linux.resources",
      { unified: { "../memory.max": "1" } },
      /unified\[.*\]: .* is not the name of a controller/,
    ],
    ["linux.timeOffsets", { monotonic: { secs: 1 } }, /timeOffsets: there is no namespace of type time/],
    ["annotations", { "": "x" }, /annotations\[""\]: a key must not be empty/],
    ["annotations", { "a.b": 1 }, /annotations\["a\.b"\]: expected a string/],
  ];
  for (const [path, value, message] of cases) {
    assert.throws(
      () => decodeSpec(withField(path, value)),
      (error) => error instanceof JsonError && message.test(error.message),
      `${path}: ${message}`,
    );
  }
});

Deno.test("RLIM_INFINITY survives JSON", () => {
  const spec = parseSpec(
    JSON.stringify(withField("process.rlimits", [])).replace(
      '"rlimits":[]',
      '"rlimits":[{"type":"RLIMIT_AS","soft":1,"hard":18446744073709551615}]',
    ),
  );
  assert.deepEqual(spec.process!.rlimits, [{ type: "RLIMIT_AS", soft: 1n, hard: 2n ** 64n - 1n }]);
});

Deno.test("what is not JSON, or says a thing twice, is refused", () => {
  assert.throws(() => parseSpec("{"), /config\.json: not valid JSON/);
  assert.throws(() => parseSpec('{"ociVersion":"1.0.0","ociVersion":"1.0.1"}'), /occurs twice/);
  assert.throws(() => parseSpec("[]"), /expected an object, found an array/);
});

Deno.test("64-bit numbers are exact", () => {
  const text = JSON.stringify(withField("linux.resources", {})).replace(
    '"resources":{}',
    '"resources":{"memory":{"limit":9223372036854775807},"hugepageLimits":[{"pageSize":"2MB","limit":18446744073709551615}],' +
      '"pids":{"limit":-1}}',
  );
  const { memory, hugepageLimits, pids } = parseSpec(text).linux.resources!;
  assert.deepEqual([memory?.limit, hugepageLimits[0]?.limit, pids?.limit], [
    2n ** 63n - 1n,
    2n ** 64n - 1n,
    -1n,
  ]);
  assert.throws(
    () => parseSpec(text.replace("9223372036854775807", "9223372036854775808")),
    /limit: .* out of range/,
  );
  assert.throws(
    () => parseSpec(text.replace("9223372036854775807", "1.5")),
    /expected a whole number, found 1\.5/,
  );
});

Deno.test("unknown capabilities are for a warning, not an error (config.md#linux-process)", () => {
  const spec = decodeSpec(withField("process.capabilities", { bounding: ["CAP_CHOWN", "CAP_NONSENSE"] }));
  assert.deepEqual(capabilityWarnings(spec.process), [
    'ignoring unknown or unavailable capabilities: "CAP_NONSENSE"',
  ]);
  assert.deepEqual(capabilityWarnings(decodeSpec(minimal).process), []);
});

Deno.test("ambient capabilities that cannot be raised are for a warning (config.md#linux-process)", () => {
  const warnings = (capabilities: object): string[] =>
    capabilityWarnings(decodeSpec(withField("process.capabilities", capabilities)).process);
  const both = ["CAP_CHOWN", "CAP_KILL"];
  assert.deepEqual(warnings({ permitted: both, inheritable: both, ambient: both }), []);
  assert.deepEqual(warnings({ permitted: both, inheritable: ["CAP_KILL"], ambient: both }), [
    "can't raise ambient capability CAP_CHOWN: operation not permitted: not permitted and inheritable",
  ]);
});

Deno.test("consoleSize is ignored without a terminal (config.md#process)", () => {
  const size = { height: 25, width: 80 };
  assert.equal(decodeSpec(withField("process.consoleSize", size)).process!.consoleSize, undefined);
  const both = withField("process.consoleSize", size) as { process: { terminal: boolean } };
  both.process.terminal = true;
  assert.deepEqual(decodeSpec(both).process!.consoleSize, size);
});
