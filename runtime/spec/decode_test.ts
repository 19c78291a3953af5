/** config.json: what is read, and the paths in errors. @module */
import assert from "node:assert/strict";
import { JsonError } from "../../json/mod.ts";
import { decodeSpec, parseSpec } from "./decode.ts";

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
      "process.capabilities",
      { bounding: ["CAP_NONSENSE"] },
      /process\.capabilities\.bounding\[0\]: unknown capability/,
    ],
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
  assert.deepEqual(spec.process!.rlimits, [{ type: "RLIMIT_AS", soft: 1, hard: Infinity }]);
});

Deno.test("what is not JSON, or says a thing twice, is refused", () => {
  assert.throws(() => parseSpec("{"), /config\.json: not valid JSON/);
  assert.throws(() => parseSpec('{"ociVersion":"1.0.0","ociVersion":"1.0.1"}'), /occurs twice/);
  assert.throws(() => parseSpec("[]"), /expected an object, found an array/);
});
