import assert from "node:assert/strict";
import { memoryLayer } from "../layer/layer_blob.ts";
import { LayoutSource } from "../layout.ts";
import { loadImage } from "../load.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from "../media_types.ts";
import { parsePlatform } from "../platform.ts";
import type { Image } from "../source.ts";
import { imageOf, memoryImage } from "../testing/memory_image.ts";
import { type Json, MemoryTree } from "../testing/memory_layout.ts";
import { buildWasmArtifact, moduleEntry, modulePath, startConfig, WASM_CONFIG } from "./artifact.ts";
import { runsAsWasm, wasmKind, wasmProblem } from "./detect.ts";
import { moduleTree } from "./module_tree.ts";

const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const COMPONENT = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);

/** A layout with a manifest over these blobs. */
function tree(
  configType: string,
  config: unknown,
  layers: readonly (readonly [string, Uint8Array])[],
  annotations?: Json,
): MemoryTree {
  const tree = new MemoryTree();
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: tree.blob(configType, config),
    layers: layers.map(([mediaType, bytes], i) => ({
      ...tree.blob(mediaType, bytes),
      ...(i === 0 && annotations ? { annotations } : {}),
    })),
  };
  tree.put("oci-layout", { imageLayoutVersion: "1.0.0" });
  tree.put("index.json", {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [tree.blob(OCI_MANIFEST, manifest)],
  });
  return tree;
}

const load = (tree: MemoryTree): Promise<Image> =>
  loadImage(new LayoutSource(tree), undefined, { platforms: [parsePlatform("wasi/wasm")] });

/** The one file of an image that is a module. */
async function onlyFile(image: Image): Promise<string> {
  const { index, blob } = await moduleTree(image.config, image.layers[0]!, "layer");
  assert.deepEqual(blob.bytes, MODULE);
  const at = index.nameAt[index.counts.names - 1]!;
  return new TextDecoder().decode(index.bytes.subarray(at, at + index.nameLength[index.counts.names - 1]!));
}

Deno.test("buildWasmArtifact() makes what the CNCF's format asks for, the same each time", () => {
  const options = { module: MODULE, name: "app.wasm", created: "2020-01-01T00:00:00Z", author: "me" };
  const { manifest, blobs } = buildWasmArtifact(options);
  const document = JSON.parse(new TextDecoder().decode(manifest.bytes));
  assert.equal(document.config.mediaType, "application/vnd.wasm.config.v0+json");
  assert.equal(document.layers.length, 1);
  assert.equal(document.layers[0].mediaType, "application/wasm");
  assert.deepEqual(JSON.parse(new TextDecoder().decode(blobs[0]!.bytes)), {
    created: options.created,
    author: "me",
    architecture: "wasm",
    os: "wasip1",
    layerDigests: [document.layers[0].digest],
  });
  assert.equal(buildWasmArtifact(options).manifest.descriptor.digest, manifest.descriptor.digest);
});

Deno.test("loadImage() takes the artifacts of the CNCF, of solo-io and of wasm-to-oci", async () => {
  const wasm = { architecture: "wasm", os: "wasip1" };
  const title = { "org.opencontainers.image.title": "dir/app.wasm" };
  const cncf = await load(tree(WASM_CONFIG, wasm, [["application/wasm", MODULE]], title));
  assert.deepEqual([cncf.config.os, cncf.config.config.Entrypoint], ["wasip1", ["/app.wasm"]]);
  assert.equal(await onlyFile(cncf), "app.wasm");
  const old = [
    ["application/vnd.module.wasm.config.v1+json", "application/vnd.module.wasm.content.layer.v1+wasm"],
    ["application/vnd.wasm.config.v1+json", "application/vnd.wasm.content.layer.v1+wasm"],
  ] as const;
  for (const [config, layer] of old) {
    const image = await load(tree(config, {}, [[layer, MODULE]]));
    assert.deepEqual(image.config.config.Entrypoint, ["/module.wasm"]);
    assert.equal(wasmKind(image), "artifact");
    assert.equal(await onlyFile(image), "module.wasm");
  }
});

Deno.test("loadImage() takes images whose layer is a module (runwasi), at the path of their command", async () => {
  for (const type of ["application/wasm", "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm"]) {
    const config = {
      architecture: "wasm",
      os: "wasip1",
      config: { Entrypoint: ["bin/app.wasm#main"], WorkingDir: "/srv" },
      rootfs: { type: "layers", diff_ids: [new MemoryTree().blob("", MODULE).digest] },
    };
    const image = await load(tree(OCI_CONFIG, config, [[type, MODULE]]));
    assert.equal(modulePath(image.config.config), "/srv/bin/app.wasm");
    assert.equal(await onlyFile(image), "app.wasm");
    const wrong = { ...config, rootfs: { type: "layers", diff_ids: [`sha256:${"0".repeat(64)}`] } };
    const other = await load(tree(OCI_CONFIG, wrong, [[type, MODULE]]));
    await assert.rejects(onlyFile(other), /layer: a module whose diff_id is sha256:0+, not its digest/);
  }
});

Deno.test("loadImage() refuses artifacts of several modules, and those that are for something else", async () => {
  const wasm = { architecture: "wasm", os: "wasip1" };
  const layer = ["application/wasm", MODULE] as const;
  const cases: [config: unknown, layers: (readonly [string, Uint8Array])[], message: RegExp][] = [
    [wasm, [layer, layer], /has one layer, a module; this one has application\/wasm, application\/wasm/],
    [wasm, [], /this one has none/],
    [wasm, [["application/vnd.oci.image.layer.v1.tar", MODULE]], /this one has application\/vnd\.oci/],
    [{ ...wasm, architecture: "amd64" }, [layer], /architecture: expected "wasm", found "amd64"/],
    [{ architecture: "wasm" }, [layer], /os: a string is required/],
    [{ ...wasm, layerDigests: ["sha256:x"] }, [layer], /layerDigests: they are not those of the manifest/],
  ];
  for (const [config, layers, message] of cases) {
    await assert.rejects(load(tree(WASM_CONFIG, config, layers)), message);
  }
});

Deno.test("moduleTree() and wasmProblem() refuse components, with the reason", async () => {
  const image = await load(
    tree(WASM_CONFIG, { architecture: "wasm", os: "wasip2" }, [["application/wasm", COMPONENT]]),
  );
  assert.match(wasmProblem(image)!, /wasip2\/wasm: WebAssembly components are not supported/);
  await assert.rejects(onlyFile(image), /layer: a WebAssembly component, not a module/);
  assert.equal(wasmProblem(imageOf([])), undefined);
});

Deno.test("wasmKind() reads platforms and the annotations of crun, in the manifest or as labels", async () => {
  const of = async (config: Json, annotations: Json = {}): Promise<Image> =>
    await memoryImage([await memoryLayer([])], { config, manifest: { annotations } });
  const variant = "module.wasm.image/variant";
  const cases: [config: Json, annotations: Json, kind: ReturnType<typeof wasmKind>][] = [
    [{ os: "wasi", architecture: "wasm" }, {}, "platform"],
    [{ os: "wasip1", architecture: "wasm32" }, {}, "platform"],
    [{}, {}, undefined],
    [{}, { [variant]: "compat" }, "compat"],
    [{}, { [variant]: "compat-smart" }, "compat-smart"],
    [{}, { [variant]: "other" }, undefined],
    [{}, { "run.oci.handler": "wasm" }, "compat"],
    [{}, { "run.oci.handler": "wasm-smart", [variant]: "compat" }, "compat-smart"],
    [{}, { "run.oci.handler": "krun" }, undefined],
    [{ config: { Labels: { [variant]: "compat" } } }, {}, "compat"],
  ];
  for (const [config, annotations, kind] of cases) {
    assert.equal(wasmKind(await of(config, annotations)), kind);
  }
  const smart = await of({}, { [variant]: "compat-smart" });
  for (
    const [command, expected] of [["/a.wasm", true], ["/a.wat", true], ["/a.wasm#f", true], [
      "/bin/sh",
      false,
    ]] as const
  ) {
    assert.equal(runsAsWasm(smart, command), expected);
  }
  assert.equal(runsAsWasm(smart, undefined), false);
  assert.equal(runsAsWasm(await of({}, { [variant]: "compat" }), "/bin/sh"), true);
});

Deno.test("moduleEntry() splits PATH#FUNCTION, startConfig() takes it off the command", () => {
  assert.deepEqual(moduleEntry("/a.wasm"), { path: "/a.wasm", start: "_start" });
  assert.deepEqual(moduleEntry("/a#b.wasm#run"), { path: "/a#b.wasm", start: "run" });
  assert.deepEqual(moduleEntry("/a.wasm#"), { path: "/a.wasm", start: "_start" });
  const config = (more: Json): ReturnType<typeof startConfig> =>
    startConfig(imageOf([], { config: { config: more } }).config);
  const first = config({ Entrypoint: ["a.wasm#go", "x"], Cmd: ["y"], WorkingDir: "/w" });
  assert.deepEqual([first.config.config.Entrypoint, first.start], [["/w/a.wasm", "x"], "go"]);
  const second = config({ Cmd: ["/b.wasm#go", "y"] });
  assert.deepEqual([second.config.config.Cmd, second.start], [["/b.wasm", "y"], "go"]);
  assert.equal(config({}).start, "_start");
});
