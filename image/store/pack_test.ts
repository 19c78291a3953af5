import assert from "node:assert/strict";
import { LayerfsSuper } from "../../fs/layerfs/mod.ts";
import { OverlaySuper } from "../../fs/overlay/mod.ts";
import { inspectImage } from "../inspect.ts";
import { listFiles, listingLine } from "../list_files.ts";
import { parseReference } from "../reference.ts";
import type { Image } from "../source.ts";
import { hostFiles, layerName } from "./host_files.ts";
import { LayerCache } from "./layer_cache.ts";
import { writeLayout } from "./layout_writer.ts";
import { openLayers } from "./mount_layers.ts";
import { openImage } from "./open_image.ts";
import { packModule, parsePackedTree } from "./pack.ts";
import { isWasmFile, wasmFileImage } from "./wasm_file.ts";

const MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

async function inTemp(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-pack-" });
  try {
    await Deno.writeFile(`${dir}/app.wasm`, MODULE);
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function listing(image: Image, dir: string): Promise<string[]> {
  const layers = await openLayers(image, new LayerCache(`${dir}/cache`));
  const overlay = new OverlaySuper({ lowers: layers.map((sb) => sb.root) });
  try {
    return [...listFiles(overlay.root)].map(listingLine);
  } finally {
    for (const sb of layers) sb.shutdown();
  }
}

async function namesBelow(dir: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(dir)) names.push(name);
  return names.sort();
}

Deno.test("packModule() and writeLayout() make an image that openImage() reads", () =>
  inTemp(async (dir) => {
    await Deno.mkdir(`${dir}/tree/lib`, { recursive: true });
    await Deno.writeTextFile(`${dir}/tree/lib/a.txt`, "hello");
    await Deno.chmod(`${dir}/tree/lib/a.txt`, 0o640).catch(() => {});
    const built = await packModule({
      module: `${dir}/app.wasm`,
      files: [parsePackedTree(`${dir}/tree=/usr/share`), {
        host: `${dir}/tree/lib/a.txt`,
        container: "/etc/",
      }],
      config: { Env: ["A=1"], Cmd: ["--help"], Labels: { x: "y" }, ExposedPorts: ["80/tcp"], User: "1:2" },
      annotations: { note: "n" },
    });
    await writeLayout(`${dir}/layout`, built, "v1");
    const image = await openImage(parseReference(`oci:${dir}/layout:v1`));
    try {
      assert.equal(image.manifest!.mediaType, "application/vnd.oci.image.manifest.v1+json");
      assert.equal(image.manifest!.annotations["note"], "n");
      assert.equal(image.manifest!.annotations["module.wasm.image/variant"], "compat-smart");
      const { config } = image;
      assert.deepEqual([config.os, config.architecture, config.created], [
        "wasi",
        "wasm",
        "1970-01-01T00:00:00Z",
      ]);
      assert.deepEqual(config.config.Entrypoint, ["/app.wasm"]);
      assert.deepEqual([config.config.Env, config.config.Cmd, config.config.User], [
        ["A=1"],
        ["--help"],
        "1:2",
      ]);
      assert.equal(config.history.length, 3);
      assert.equal(config.history[1]!.created_by, "umiak image pack: /usr/share");
      assert.deepEqual(await listing(image, dir), [
        "-rwxr-xr-x 0/0               8 1970-01-01 00:00 /app.wasm",
        "drwxr-xr-x 0/0               0 1970-01-01 00:00 /etc",
        "-rw-r----- 0/0               5 1970-01-01 00:00 /etc/a.txt",
        "drwxr-xr-x 0/0               0 1970-01-01 00:00 /usr",
        "drwxr-xr-x 0/0               0 1970-01-01 00:00 /usr/share",
        "drwxr-xr-x 0/0               0 1970-01-01 00:00 /usr/share/lib",
        "-rw-r----- 0/0               5 1970-01-01 00:00 /usr/share/lib/a.txt",
      ]);
      const shown = JSON.parse(JSON.stringify(inspectImage(image)));
      assert.match(shown.Id, /^sha256:/);
      assert.equal(shown.RootFS.Layers.length, 3);
      assert.deepEqual(shown.Config.ExposedPorts, { "80/tcp": {} });
    } finally {
      image.close();
    }
    assert.deepEqual(await namesBelow(`${dir}/layout`), ["blobs", "index.json", "oci-layout"]);
  }));

Deno.test("packModule() makes the same image of the same input", () =>
  inTemp(async (dir) => {
    await Deno.mkdir(`${dir}/tree`);
    for (const name of ["b", "a", "a-b"]) await Deno.writeTextFile(`${dir}/tree/${name}`, name);
    const options = { module: `${dir}/app.wasm`, files: [{ host: `${dir}/tree`, container: "/t" }] };
    const first = await packModule(options);
    await Deno.utime(`${dir}/tree/a`, 5, 5);
    assert.equal((await packModule(options)).manifest.descriptor.digest, first.manifest.descriptor.digest);
  }));

Deno.test("writeLayout() keeps other images and fields, replaces its own name, mends damaged blobs", () =>
  inTemp(async (dir) => {
    const layout = `${dir}/l`;
    const one = await packModule({ module: `${dir}/app.wasm` });
    const two = await packModule({ module: `${dir}/app.wasm`, config: { Env: ["B=2"] } });
    await writeLayout(layout, one, "one");
    const index = JSON.parse(await Deno.readTextFile(`${layout}/index.json`));
    await Deno.writeTextFile(
      `${layout}/index.json`,
      JSON.stringify({ ...index, annotations: { keep: "me" } }),
    );
    await Promise.all([writeLayout(layout, two, "two"), writeLayout(layout, one, "three")]);
    await writeLayout(layout, two, "one");
    const after = JSON.parse(await Deno.readTextFile(`${layout}/index.json`));
    assert.deepEqual(after.annotations, { keep: "me" });
    const names = after.manifests.map((m: { annotations: Record<string, string> }) =>
      m.annotations["org.opencontainers.image.ref.name"]
    );
    assert.deepEqual(names.sort(), ["one", "three", "two"]);
    assert.equal(
      (await openImage(parseReference(`oci:${layout}:one`))).digest,
      two.manifest.descriptor.digest,
    );
    const blob = `${layout}/blobs/sha256/${one.manifest.descriptor.digest.slice(7)}`;
    await Deno.writeFile(blob, new Uint8Array(one.manifest.bytes.length));
    await writeLayout(layout, one, "one");
    assert.deepEqual(await Deno.readFile(blob), one.manifest.bytes);
    await assert.rejects(writeLayout(layout, one, "a b"), /"a b" cannot be a tag/);
    await Deno.writeTextFile(`${layout}/index.json`, "{}");
    await assert.rejects(writeLayout(layout, one, "one"), /index\.json: schemaVersion: a number is required/);
    assert.equal(await Deno.readTextFile(`${layout}/index.json`), "{}");
  }));

Deno.test("packModule() says what is not a module, and what cannot be read", () =>
  inTemp(async (dir) => {
    await Deno.writeTextFile(`${dir}/x`, "#!/bin/sh\n");
    await Deno.writeFile(`${dir}/c`, new Uint8Array([0, 0x61, 0x73, 0x6d, 13, 0, 1, 0]));
    const pack = (module: string, container = "/x"): Promise<unknown> =>
      packModule({ module: `${dir}/${module}`, files: [{ host: `${dir}/x`, container }] });
    await assert.rejects(pack("x"), /^Error: module .*\/x: not a WebAssembly module$/);
    await assert.rejects(pack("c"), /a WebAssembly component, not a module/);
    await assert.rejects(pack("none"), /reading .*\/none: no such file or directory/);
    await assert.rejects(pack("app.wasm", "/../x"), /path "\/\.\.\/x" in the image: "\.\." is not possible/);
    await assert.rejects(pack("app.wasm", "/.wh.x"), /names that begin with "\.wh\." mark deletions/);
    assert.throws(() => parsePackedTree("x"), /expected HOST=CONTAINER/);
    assert.deepEqual(parsePackedTree("a=b=/c"), { host: "a=b", container: "/c" });
    assert.equal(layerName("//a/./b/"), "a/b");
  }));

Deno.test({
  name: "hostFiles() keeps links as links",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inTemp(async (dir) => {
      await Deno.mkdir(`${dir}/t`);
      await Deno.symlink("/etc/passwd", `${dir}/t/l`);
      const files = await hostFiles(`${dir}/t`, "/", 7);
      assert.deepEqual(files, [{
        name: "l",
        mtimeSec: 7,
        type: "symlink",
        mode: 0o777,
        linkname: "/etc/passwd",
      }]);
    }),
});

Deno.test("wasmFileImage() shows a module as an image of one file", () =>
  inTemp(async (dir) => {
    const { config, layer } = await wasmFileImage(`${dir}/app.wasm`);
    const sb = new LayerfsSuper(layer);
    try {
      assert.deepEqual(config.config.Entrypoint, ["/app.wasm"]);
      const files = [...listFiles(sb.root)];
      assert.deepEqual(files.map(({ path, mode, size }) => [path, mode, size]), [["/app.wasm", 0o100755, 8]]);
    } finally {
      sb.shutdown();
    }
    await Deno.writeTextFile(`${dir}/x`, "text");
    assert.deepEqual([await isWasmFile(`${dir}/app.wasm`), await isWasmFile(`${dir}/x`)], [true, false]);
    await assert.rejects(wasmFileImage(`${dir}/x`), /module .*: not a WebAssembly module/);
    await assert.rejects(wasmFileImage(`${dir}/no.wasm`), /no such file/);
  }));

Deno.test("openImage() says why a path is no image", () =>
  inTemp(async (dir) => {
    const open = (text: string): Promise<Image> => openImage(parseReference(text));
    await assert.rejects(open(`${dir}/none`), /none: no such file or directory/);
    await assert.rejects(open(`oci:${dir}/app.wasm`), /is not a directory/);
    await assert.rejects(open(`oci-archive:${dir}`), /is a directory, not an archive/);
    await assert.rejects(open(`${dir}/app.wasm`), /app\.wasm: a WebAssembly module, not an image/);
    // What a manifest.json names must not be looked for in a directory: it could be anywhere.
    await Deno.writeTextFile(`${dir}/manifest.json`, '[{"Config":"../../etc/passwd","Layers":[]}]');
    await assert.rejects(open(dir), /not an OCI image layout/);
    await writeLayout(`${dir}/l:x`, await packModule({ module: `${dir}/app.wasm` }), "t");
    for (const text of [`${dir}/l:x`, `${dir}/l:x:t`]) (await open(text)).close();
  }));
