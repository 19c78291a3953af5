/** Every MUST and SHOULD of the image specification's conversion.md, by its section. */
import assert from "node:assert/strict";
import { decodeImageConfig } from "../../image/config.ts";
import type { Spec } from "../spec/types.ts";
import { type ConversionContext, convert } from "./conversion.ts";
import type { ContainerOptions } from "./options.ts";

type Fields = Record<string, unknown>;

const CONTEXT: ConversionContext = {
  imageName: "image",
  users: {
    passwd: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n77:x:0:0::/:/bin/sh\n",
    group: "root:x:0:\nstaff:x:50:app\nwheel:x:10:app,root\n88:x:0:\n",
  },
  hostname: "host",
  hostPath: (path) => path,
};

function converted(execution: Fields, more: Fields = {}, options: ContainerOptions = {}): Spec {
  const document = {
    ...{ architecture: "arm", os: "linux", rootfs: { type: "layers", diff_ids: [] } },
    config: { Entrypoint: ["/e"], ...execution },
    ...more,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  return convert(decodeImageConfig(bytes, "config"), options, CONTEXT);
}

const user = (User: string): unknown => converted({ User }).process!.user;
const annotations = (execution: Fields, more: Fields = {}): Readonly<Record<string, string>> =>
  converted(execution, more).annotations;

Deno.test("conversion.md: a default SHOULD NOT remove or change a variable of the image", () => {
  const Env = ["PATH=/own", "HOME=/elsewhere", "HOSTNAME=other", "PWD=/x", "TERM=dumb", "EMPTY="];
  const { env } = converted({ Env, WorkingDir: "/w" }, {}, { tty: true }).process!;
  assert.deepEqual([...env].sort(), [...Env].sort());
});

Deno.test("conversion.md#verbatim-fields: WorkingDir, Env, Entrypoint and Cmd MUST be taken as they are", () => {
  const { process } = converted({
    WorkingDir: "/a/../b c",
    Env: ["A=1=2", "B= x "],
    Entrypoint: ["/e", "", "$HOME"],
    Cmd: ["'c'"],
  });
  assert.equal(process!.cwd, "/a/../b c");
  assert.ok(process!.env.includes("A=1=2") && process!.env.includes("B= x "));
  assert.deepEqual(process!.args, ["/e", "", "$HOME", "'c'"]);
});

Deno.test("conversion.md#verbatim-fields: no entry SHOULD be added to process.env whose name Env has", () => {
  const { env } = converted({ Env: ["PATH=/own", "HOME=/h"] }).process!;
  for (const name of ["PATH", "HOME"]) {
    assert.equal(env.filter((entry) => entry.startsWith(`${name}=`)).length, 1);
  }
});

Deno.test("conversion.md#verbatim-fields: Cmd MUST be appended to Entrypoint", () => {
  assert.deepEqual(converted({ Entrypoint: ["/e", "1"], Cmd: ["2", "3"] }).process!.args, [
    "/e",
    "1",
    "2",
    "3",
  ]);
  assert.deepEqual(converted({ Entrypoint: null, Cmd: ["/c", "3"] }).process!.args, ["/c", "3"]);
});

const IMPLICIT: readonly [field: string, execution: Fields, more: Fields, value: string][] = [
  ["os", {}, {}, "linux"],
  ["architecture", {}, {}, "arm"],
  ["variant", {}, { variant: "v6" }, "v6"],
  ["os.version", {}, { "os.version": "10.0.1" }, "10.0.1"],
  ["os.features", {}, { "os.features": ["one", "two"] }, "one,two"],
  ["author", {}, { author: "Me <me@example.com>" }, "Me <me@example.com>"],
  ["created", {}, { created: "2020-01-01T00:00:00.5+01:00" }, "2020-01-01T00:00:00.5+01:00"],
  ["stopSignal", { StopSignal: "SIGUSR1" }, {}, "SIGUSR1"],
  ["exposedPorts", { ExposedPorts: { "80/tcp": {}, "53/udp": {} } }, {}, "80/tcp,53/udp"],
];

for (const [field, execution, more, value] of IMPLICIT) {
  const name = `org.opencontainers.image.${field}`;
  const word = field === "exposedPorts" ? "SHOULD" : "MUST";
  Deno.test(`conversion.md#annotation-fields: ${field} ${word} be the annotation ${name}`, () => {
    assert.equal(annotations(execution, more)[name], value);
  });
  Deno.test(`conversion.md#annotations: a label ${name} MUST take precedence`, () => {
    assert.equal(annotations({ ...execution, Labels: { [name]: "label" } }, more)[name], "label");
  });
}

Deno.test("conversion.md#annotations: the values of labels MUST NOT be modified", () => {
  const Labels = { "org.example.a": " ü\n", "b": "" };
  const found = annotations({ Labels });
  assert.deepEqual([found["org.example.a"], found["b"]], [" ü\n", ""]);
});

Deno.test("conversion.md#configuser: numbers MUST be copied verbatim, whatever the container's files call so", () => {
  assert.deepEqual(user("77:88"), { uid: 77, gid: 88, additionalGids: [] });
  assert.deepEqual(user("1000:1"), { uid: 1000, gid: 1, additionalGids: [] });
});

Deno.test("conversion.md#configuser: names SHOULD be looked up in the container", () => {
  assert.deepEqual(user("app:wheel"), { uid: 1000, gid: 10, additionalGids: [] });
});

Deno.test("conversion.md#configuser: additionalGids SHOULD be the user's", () => {
  assert.deepEqual(user("app"), { uid: 1000, gid: 1001, additionalGids: [50, 10] });
});

Deno.test("conversion.md#configuser: additionalGids SHOULD NOT be modified for a number, or when there is a group", () => {
  for (const text of ["1000", "1000:50", "app:staff"]) {
    assert.deepEqual((user(text) as { additionalGids: unknown }).additionalGids, [], text);
  }
});

Deno.test("conversion.md#configuser: a user or group that is not in the container MUST be an error", () => {
  for (const text of ["nobody", "nobody:staff", "app:none"]) assert.throws(() => user(text), /no such/);
});

Deno.test("conversion.md#optional-fields: Volumes SHOULD be mounts, with their path as destination", () => {
  const { mounts } = converted({ Volumes: { "/data": {}, "/var/lib/x": {} } });
  for (const path of ["/data", "/var/lib/x"]) {
    assert.equal(mounts.filter(({ destination }) => destination === path).length, 1);
  }
});
