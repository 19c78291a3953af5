import assert from "node:assert/strict";
import { sha256 } from "../digest.ts";
import type { Image } from "../source.ts";
import { imageOf, memoryImage } from "../testing/memory_image.ts";
import { annotate } from "./annotate.ts";
import { type ConfigChange, editConfig } from "./edit_config.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const config = (image: Image): Record<string, unknown> => JSON.parse(text(image.configBytes));
const file = { name: "a", type: "file" as const, mode: 0o644, content: new TextEncoder().encode("a") };

Deno.test("editConfig() sets every property of config.md and takes it away again", async () => {
  const image = await memoryImage([[file]]);
  const all: ConfigChange = {
    created: "2020-01-02T03:04:05Z",
    author: "A. Author",
    architecture: "arm64",
    variant: "v8",
    os: "windows",
    osVersion: "10.0.1",
    osFeatures: ["win32k"],
    user: "alice:staff",
    exposedPorts: { set: { "80/tcp": "", "53/udp": "" } },
    env: { set: { A: "1", PATH: "/usr/bin" } },
    entrypoint: ["/app"],
    cmd: ["--help"],
    volumes: { set: { "/data": "" } },
    workingDir: "/work",
    labels: { set: { "com.example.a": "b" } },
    stopSignal: "SIGRTMIN+3",
  };
  const changed = editConfig(image, all);
  assert.deepEqual(config(changed), {
    architecture: "arm64",
    os: "windows",
    config: {
      Env: ["PATH=/usr/bin", "A=1"],
      Cmd: ["--help"],
      User: "alice:staff",
      ExposedPorts: { "80/tcp": {}, "53/udp": {} },
      Entrypoint: ["/app"],
      Volumes: { "/data": {} },
      WorkingDir: "/work",
      Labels: { "com.example.a": "b" },
      StopSignal: "SIGRTMIN+3",
    },
    rootfs: { type: "layers", diff_ids: [image.layers[0]!.diffId] },
    history: [{ created_by: "step 0" }],
    created: "2020-01-02T03:04:05Z",
    author: "A. Author",
    variant: "v8",
    "os.version": "10.0.1",
    "os.features": ["win32k"],
  });
  assert.equal(changed.config.config.User, "alice:staff");
  assert.equal(changed.config.osVersion, "10.0.1");
  assert.equal(changed.manifest.config.digest, sha256(changed.configBytes));
  assert.equal(changed.digest, sha256(changed.manifestBytes));
  const back = editConfig(changed, {
    created: null,
    author: null,
    architecture: "amd64",
    variant: null,
    os: "linux",
    osVersion: null,
    osFeatures: null,
    user: null,
    exposedPorts: { remove: ["80/tcp", "53/udp", "absent"] },
    env: { remove: ["A"], set: { PATH: "/bin" } },
    entrypoint: null,
    cmd: ["/bin/sh"],
    volumes: { clear: true },
    workingDir: null,
    labels: { clear: true },
    stopSignal: null,
  });
  assert.deepEqual(config(back), config(image));
});

Deno.test("editConfig() keeps what it does not know, to the last digit (config.md: extra fields)", () => {
  const document = `{"architecture":"amd64","os":"linux","x.big":12345678901234567890,"x.exact":1.0,` +
    `"__proto__":{"a":[1e400]},"config":{"Healthcheck":{"Interval":9007199254740993},"ArgsEscaped":true},` +
    `"rootfs":{"type":"layers","diff_ids":[],"x":null}}`;
  const plain = imageOf([]);
  const configBytes = new TextEncoder().encode(document);
  const image = { ...plain, configBytes };
  const changed = editConfig(image, { user: "1000" });
  assert.equal(
    text(changed.configBytes),
    document.replace(`"ArgsEscaped":true}`, `"ArgsEscaped":true,"User":"1000"}`),
  );
});

Deno.test("editConfig() that changes nothing gives the same bytes and digest", async () => {
  const image = await memoryImage([[file]], { manifest: { annotations: { a: "b" }, "x.y": 1 } });
  for (const change of [{}, { os: "linux" }, { env: { set: { PATH: "/bin" } } }, { user: null }]) {
    const same = editConfig(image, change);
    assert.equal(same.digest, image.digest);
    assert.equal(same.manifestBytes, image.manifestBytes);
    assert.equal(same.configBytes, image.configBytes);
  }
  const bare = imageOf([], { manifest: { layers: null }, config: { config: null } });
  assert.equal(editConfig(bare, { labels: { remove: ["x"] } }).digest, bare.digest);
});

Deno.test("editConfig() leaves the first image as it was, and its layers are the same", async () => {
  const image = await memoryImage([[file]]);
  const before = text(image.configBytes);
  const changed = editConfig(image, { user: "bob" });
  assert.equal(text(image.configBytes), before);
  assert.deepEqual(changed.layers.map((l) => l.descriptor), image.layers.map((l) => l.descriptor));
  assert.deepEqual(changed.manifest.layers, image.manifest.layers);
});

Deno.test("editConfig() keeps one variable of a name, in its place", () => {
  const image = imageOf([], { config: { config: { Env: ["A=1", "B=2", "A=3"] } } });
  assert.deepEqual(editConfig(image, { env: { set: { A: "x=y" } } }).config.config.Env, ["A=x=y", "B=2"]);
  assert.deepEqual(editConfig(image, { env: { remove: ["A"] } }).config.config.Env, ["B=2"]);
  assert.deepEqual(editConfig(image, { env: { clear: true, set: { C: "" } } }).config.config.Env, ["C="]);
  assert.throws(() => editConfig(image, { env: { set: { "A=B": "" } } }), /"A=B": not a name/);
});

Deno.test("editConfig() adds a step that made no layer; every layer has one (config.md: history)", async () => {
  const image = await memoryImage([[file], [{ ...file, name: "b" }]], { config: { history: undefined } });
  const step = { created: "1970-01-01T00:00:00Z", createdBy: "test", author: "me", comment: "why" };
  const changed = editConfig(image, { history: step });
  assert.deepEqual(config(changed).history, [
    { created: "1970-01-01T00:00:00Z", comment: "no history" },
    { created: "1970-01-01T00:00:00Z", comment: "no history" },
    { created: step.created, author: "me", created_by: "test", comment: "why", empty_layer: true },
  ]);
  const again = editConfig(changed, { clearHistory: true });
  assert.deepEqual(again.config.history, []);
});

Deno.test("editConfig() refuses what would not be a configuration", () => {
  const image = imageOf([]);
  assert.throws(
    () => editConfig(image, { env: { set: { A: "x\0" } } }),
    /memory: edited config: config\.Env\[1\]: it contains a NUL/,
  );
});

Deno.test("annotate() changes the manifest only; without annotations there is no property (annotations.md)", async () => {
  const image = await memoryImage([[file]], { manifest: { annotations: { a: "1", b: "2" } } });
  const changed = annotate(image, { remove: ["a"], set: { c: "" } });
  assert.deepEqual(changed.manifest.annotations, { b: "2", c: "" });
  assert.equal(changed.configBytes, image.configBytes);
  const none = annotate(changed, { clear: true });
  assert.ok(!("annotations" in JSON.parse(text(none.manifestBytes))));
  assert.equal(annotate(image, { set: { a: "1" } }).digest, image.digest);
  const docker = { mediaType: "application/vnd.docker.distribution.manifest.v2+json" };
  assert.throws(() => annotate(imageOf([], { manifest: docker }), { set: { a: "b" } }), /has no annotations/);
});
