/** WebAssembly in the forms that images and registries have it in, run as users run it. @module */
import assert from "node:assert/strict";
import { memoryLayer } from "../image/layer/layer_blob.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from "../image/media_types.ts";
import { type Json, MemoryTree } from "../image/testing/memory_layout.ts";
import { bytesOf } from "../image/testing/memory_image.ts";
import { type Outcome, repositoryFile, umiak, withDirectory } from "./support/umiak.ts";

const HELLO = await Deno.readFile(repositoryFile("tests/guests/hello.wasm"));

/** A module whose function `go` ends the process with 7, and which has no `_start`. */
const GO = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 8, 2, 0x60, 1, 0x7f, 0, 0x60, 0, 0], // types: (i32), ()
  ...[
    2,
    36,
    1,
    22,
    ...new TextEncoder().encode("wasi_snapshot_preview1"),
    9,
    ...new TextEncoder().encode("proc_exit"),
    0,
    0,
  ],
  ...[3, 2, 1, 1], // one function
  ...[5, 3, 1, 0, 1], // one page of memory
  ...[7, 15, 2, 2, 0x67, 0x6f, 0, 1, 6, ...new TextEncoder().encode("memory"), 2, 0],
  ...[10, 8, 1, 6, 0, 0x41, 7, 0x10, 0, 0x0b],
);

/** Writes a layout with one image. */
async function write(dir: string, manifest: (tree: MemoryTree) => Promise<Json> | Json): Promise<void> {
  const tree = new MemoryTree();
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, ...await manifest(tree) };
  tree.put("oci-layout", { imageLayoutVersion: "1.0.0" });
  tree.put("index.json", {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [tree.blob(OCI_MANIFEST, document)],
  });
  await Deno.mkdir(`${dir}/blobs/sha256`, { recursive: true });
  for (const [path, bytes] of tree.files) await Deno.writeFile(`${dir}/${path}`, bytes);
}

/** Configuration and one layer. */
function image(tree: MemoryTree, config: Json, type: string, layer: Uint8Array, diffId: string): Json {
  const rootfs = { type: "layers", diff_ids: [diffId] };
  return {
    config: tree.blob(OCI_CONFIG, { architecture: "wasm", os: "wasip1", rootfs, ...config }),
    layers: [tree.blob(type, layer)],
  };
}

/** An image whose layer is an archive with a module in it. */
async function packed(
  tree: MemoryTree,
  config: Json,
  module: Uint8Array,
  annotations: Json = {},
): Promise<Json> {
  const layer = await memoryLayer([{ name: "app.wasm", type: "file", mode: 0o755, content: module }]);
  const { mediaType } = layer.descriptor;
  return { ...image(tree, config, mediaType, await bytesOf(layer.open()), layer.diffId), annotations };
}

const run = (dir: string, ...args: string[]): Promise<Outcome> =>
  umiak(["run", `oci:${dir}/image`, ...args], { env: { UMIAK_ROOT: `${dir}/store` } });

const ACCEPTED: readonly (readonly [name: string, manifest: (tree: MemoryTree) => Promise<Json> | Json])[] = [
  ["a wasip1/wasm image", (tree) => packed(tree, { config: { Entrypoint: ["/app.wasm"] } }, HELLO)],
  [
    "a wasi/wasm32 image whose command is in its Cmd, without a directory",
    (tree) => packed(tree, { os: "wasi", architecture: "wasm32", config: { Cmd: ["app.wasm"] } }, HELLO),
  ],
  [
    "a native image with module.wasm.image/variant=compat",
    (tree) =>
      packed(tree, { os: "linux", architecture: "amd64", config: { Entrypoint: ["/app.wasm"] } }, HELLO, {
        "module.wasm.image/variant": "compat",
      }),
  ],
  [
    "a native image with run.oci.handler=wasm-smart as a label",
    (tree) =>
      packed(tree, {
        os: "linux",
        architecture: "amd64",
        config: { Entrypoint: ["/app.wasm"], Labels: { "run.oci.handler": "wasm-smart" } },
      }, HELLO),
  ],
  [
    "an image whose layer is a module (runwasi)",
    (tree) =>
      image(
        tree,
        { config: { Entrypoint: ["/app.wasm"] } },
        "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
        HELLO,
        tree.blob("", HELLO).digest,
      ),
  ],
  ["an artifact of solo-io", (tree) => ({
    config: tree.blob("application/vnd.module.wasm.config.v1+json", { type: "wasi" }),
    layers: [{
      ...tree.blob("application/vnd.module.wasm.content.layer.v1+wasm", HELLO),
      annotations: { "org.opencontainers.image.title": "app.wasm" },
    }],
  })],
];

for (const [name, manifest] of ACCEPTED) {
  Deno.test(`umiak run takes ${name}`, () =>
    withDirectory(async (dir) => {
      await write(`${dir}/image`, manifest);
      const { code, stdout, stderr } = await run(dir);
      assert.deepEqual([code, stdout, stderr], [0, "hello from /app.wasm\n", ""]);
    }));
}

Deno.test("umiak image pack --artifact, and umiak run takes it", () =>
  withDirectory(async (dir) => {
    const module = repositoryFile("tests/guests/hello.wasm");
    const packed = await umiak(["image", "pack", "--artifact", module, "-o", `${dir}/image:v1`]);
    assert.equal(packed.code, 0, packed.stderr);
    assert.deepEqual((await run(dir)).stdout, "hello from /hello.wasm\n");
    const valid = await umiak(["image", "validate", "--strict", `oci:${dir}/image`]);
    assert.deepEqual([valid.code, valid.stdout], [0, ""]);
    const refused = await umiak([
      "image",
      "pack",
      "--artifact",
      module,
      "-e",
      "A=1",
      "-o",
      `${dir}/image:v2`,
    ]);
    assert.match(refused.stderr, /an artifact is the module alone, without Env/);
    const edited = await umiak(["image", "config", `oci:${dir}/image:v1`, "-e", "A=1"]);
    assert.match(
      edited.stderr,
      /editing: an artifact \(application\/vnd\.wasm\.config\.v0\+json\), not an image/,
    );
  }));

Deno.test("umiak run starts the function of PATH#FUNCTION (runwasi)", () =>
  withDirectory(async (dir) => {
    await write(`${dir}/image`, (tree) => packed(tree, { config: { Entrypoint: ["/app.wasm#go"] } }, GO));
    const { code, stderr } = await run(dir);
    assert.deepEqual([code, stderr], [7, ""]);
    const other = await umiak(["run", "--entrypoint", "/app.wasm", `oci:${dir}/image`], {
      env: { UMIAK_ROOT: `${dir}/store` },
    });
    assert.equal(other.code, 126);
    assert.match(other.stderr, /it exports no function _start/);
  }));

Deno.test("umiak run refuses components, and says why", () =>
  withDirectory(async (dir) => {
    const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
    await write(`${dir}/image`, (tree) => ({
      config: tree.blob("application/vnd.wasm.config.v0+json", { architecture: "wasm", os: "wasip2" }),
      layers: [tree.blob("application/wasm", component)],
    }));
    const { code, stderr } = await run(dir);
    assert.equal(code, 126);
    assert.match(stderr, /wasip2\/wasm: WebAssembly components are not supported, only modules/);
  }));
