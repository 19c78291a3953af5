import assert from "node:assert/strict";
import { sha256 } from "./digest.ts";
import { DockerArchiveSource } from "./docker_archive.ts";
import { LayoutSource } from "./layout.ts";
import { type ImageChoice, loadImage } from "./load.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from "./media_types.ts";
import { parsePlatform } from "./platform.ts";
import type { FileTree, Image } from "./source.ts";

const encoder = new TextEncoder();

/** A layout in memory. */
class MemoryTree implements FileTree {
  readonly name = "layout";
  readonly files = new Map<string, Uint8Array>();
  closed = false;

  put(path: string, content: unknown): Uint8Array {
    const bytes = content instanceof Uint8Array
      ? content
      : encoder.encode(typeof content === "string" ? content : JSON.stringify(content));
    this.files.set(path, bytes);
    return bytes;
  }
  blob(mediaType: string, content: unknown): { mediaType: string; digest: string; size: number } {
    const bytes = this.put("", content);
    this.files.delete("");
    const digest = sha256(bytes);
    this.files.set(path(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }
  image(platform: string): ReturnType<MemoryTree["blob"]> {
    const { os, architecture } = parsePlatform(platform);
    const tar = new Uint8Array(1024);
    const layer = this.blob("application/vnd.oci.image.layer.v1.tar", tar);
    const config = this.blob(OCI_CONFIG, {
      os,
      architecture,
      rootfs: { type: "layers", diff_ids: [layer.digest] },
    });
    return this.blob(OCI_MANIFEST, { schemaVersion: 2, config, layers: [layer] });
  }
  index(manifests: unknown): ReturnType<MemoryTree["blob"]> {
    return this.blob(OCI_INDEX, { schemaVersion: 2, manifests });
  }
  size(path: string): Promise<number | undefined> {
    return Promise.resolve(this.files.get(path)?.length);
  }
  async *read(path: string, offset = 0): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(this.files.get(path)!.subarray(offset));
  }
  close(): void {
    this.closed = true;
  }
}

const path = (digest: string): string => `blobs/${digest.replace(":", "/")}`;

function layout(build: (tree: MemoryTree) => unknown[]): MemoryTree {
  const tree = new MemoryTree();
  tree.put("oci-layout", { imageLayoutVersion: "1.0.0" });
  tree.put("index.json", { schemaVersion: 2, manifests: build(tree) });
  return tree;
}

function open(tree: MemoryTree, choice: Partial<ImageChoice> = {}): Promise<Image> {
  const platforms = ["wasi/wasm", "linux/amd64"].map(parsePlatform);
  return loadImage(new LayoutSource(tree), undefined, { platforms, ...choice });
}

const wanted = (platform: string): Partial<ImageChoice> => ({
  platforms: [parsePlatform(platform)],
  strict: true,
});

Deno.test("loadImage() reads manifest, configuration and layers", async () => {
  const tree = layout((tree) => [tree.image("wasi/wasm")]);
  const image = await open(tree);
  assert.equal(image.config.os, "wasi");
  assert.equal(image.layers.length, 1);
  assert.equal(image.layers[0]!.diffId, image.layers[0]!.descriptor.digest);
  assert.equal((await Array.fromAsync(image.layers[0]!.open()))[0]!.length, 1024);
  image.close();
  assert.ok(tree.closed);
});

const broken: [name: string, change: (tree: MemoryTree) => void, message: RegExp][] = [
  ["without index.json", (tree) => tree.files.delete("index.json"), /^layout: index\.json is missing$/],
  [
    "without oci-layout",
    (tree) => tree.files.delete("oci-layout"),
    /^layout: not an OCI image layout: it has no/,
  ],
  [
    "of another version",
    (tree) => tree.put("oci-layout", { imageLayoutVersion: "2" }),
    /oci-layout: imageLayoutVersion: version 2/,
  ],
  [
    "whose index.json is not JSON",
    (tree) => tree.put("index.json", "<html>"),
    /^layout: index\.json: not valid JSON/,
  ],
  [
    "whose index.json is huge",
    (tree) => tree.put("index.json", new Uint8Array(5 << 20)),
    /index\.json: 5242880 bytes, more than/,
  ],
  [
    "without images",
    (tree) => tree.put("index.json", { schemaVersion: 2, manifests: [] }),
    /^layout: it contains no image$/,
  ],
];
for (const [name, change, message] of broken) {
  Deno.test(`loadImage() refuses a layout ${name}`, async () => {
    const tree = layout((tree) => [tree.image("wasi/wasm")]);
    change(tree);
    await assert.rejects(open(tree), (error: Error) => {
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("loadImage() names a blob that is missing, swapped or truncated", async () => {
  const tree = layout((tree) => [tree.image("wasi/wasm")]);
  const { manifest, digest } = await open(tree);
  const config = path(manifest.config.digest), layer = path(manifest.layers[0]!.digest);
  const content = tree.files.get(config)!;
  tree.files.delete(config);
  await assert.rejects(open(tree), /layout: config sha256:\w+: blobs\/sha256\/\w+ is missing/);
  tree.files.set(config, content.slice(1));
  await assert.rejects(open(tree), /layout: config sha256:\w+: it is truncated/);
  const swapped = content.slice();
  swapped[5]! ^= 1;
  tree.files.set(config, swapped);
  await assert.rejects(open(tree), /layout: config sha256:\w+: its content has digest sha256:/);
  tree.files.set(config, content);
  tree.files.set(layer, new Uint8Array(512));
  const image = await open(tree); // a layer is read when it is needed
  await assert.rejects(
    Array.fromAsync(image.layers[0]!.open()),
    /layout: layer sha256:\w+: it is truncated: 512 bytes/,
  );
  tree.files.set(path(digest), encoder.encode("x"));
  await assert.rejects(open(tree), /layout: manifest sha256:\w+: it is truncated/);
});

Deno.test("loadImage() goes through nested indexes", async () => {
  const tree = layout((tree) => [
    tree.index([
      tree.index([{ ...tree.image("linux/amd64"), platform: { os: "linux", architecture: "amd64" } }]),
      tree.index([{ ...tree.image("wasi/wasm"), platform: { os: "wasi", architecture: "wasm" } }]),
    ]),
  ]);
  assert.equal((await open(tree)).config.os, "wasi");
  assert.equal((await open(tree, wanted("linux/x86_64"))).config.os, "linux");
  await assert.rejects(
    open(tree, wanted("linux/s390x")),
    /no image for linux\/s390x; it has linux\/amd64, wasi\/wasm/,
  );
});

Deno.test("loadImage() does not need the manifests and indexes of other platforms", async () => {
  const missing = { mediaType: OCI_INDEX, digest: `sha256:${"0".repeat(64)}`, size: 9 };
  const tree = layout((tree) => [
    tree.index([
      missing,
      { ...missing, mediaType: OCI_MANIFEST, platform: { os: "linux", architecture: "amd64" } },
      { ...missing, mediaType: "application/x-unknown" },
      { ...tree.image("wasi/wasm"), platform: { os: "wasi", architecture: "wasm" } },
    ]),
  ]);
  assert.equal((await open(tree)).config.os, "wasi");
});

Deno.test("loadImage() gives up on indexes 600 deep and on thousands of them", async () => {
  const deep = layout((tree) => {
    let descriptor = tree.image("wasi/wasm");
    for (let i = 0; i < 600; i++) descriptor = tree.index([descriptor]);
    return [descriptor];
  });
  await assert.rejects(open(deep), /layout: indexes nested more than 8 deep/);
  const wide = layout((tree) => {
    const leaf = tree.index([tree.image("wasi/wasm")]);
    return [tree.index(Array(3000).fill(leaf))];
  });
  await assert.rejects(open(wide), /layout: more than 64 indexes/);
});

Deno.test("loadImage() checks a lone image against --platform", async () => {
  const tree = layout((tree) => [tree.image("linux/arm64")]);
  assert.equal((await open(tree)).config.architecture, "arm64");
  await assert.rejects(open(tree, wanted("wasi/wasm")), /the image is for linux\/arm64, not for wasi\/wasm/);
});

Deno.test("loadImage() reads content carried in descriptors, if it is what they say", async () => {
  const carried = (data: string): MemoryTree =>
    layout((tree) => {
      const layer = tree.blob("application/vnd.oci.image.layer.v1.tar", new Uint8Array(1024));
      const text = JSON.stringify({
        os: "wasi",
        architecture: "wasm",
        rootfs: { type: "layers", diff_ids: [layer.digest] },
      });
      const config = tree.blob(OCI_CONFIG, text);
      tree.files.delete(path(config.digest));
      const manifest = { schemaVersion: 2, config: { ...config, data: data || btoa(text) }, layers: [layer] };
      return [tree.blob(OCI_MANIFEST, manifest)];
    });
  assert.equal((await open(carried(""))).config.os, "wasi");
  await assert.rejects(open(carried("AAAA")), /config\.data: 3 bytes, not the \d+ stated/);
});

Deno.test("loadImage() tells artifacts and odd layers from images", async () => {
  const artifact = layout((tree) => {
    const config = tree.blob("application/vnd.oci.empty.v1+json", {});
    return [tree.blob(OCI_MANIFEST, { schemaVersion: 2, artifactType: "application/x", config, layers: [] })];
  });
  await assert.rejects(open(artifact), /an artifact \(application\/x\), not an image/);
});

function saved(
  change: (entry: Record<string, unknown>, config: Record<string, unknown>) => void = () => {},
): MemoryTree {
  const tree = new MemoryTree();
  const tar = tree.put("abc/layer.tar", new Uint8Array(1024));
  const config = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [sha256(tar)] } };
  const entry = { Config: "", RepoTags: ["busybox:latest", "example.org/b:1"], Layers: ["abc/layer.tar"] };
  change(entry, config);
  const bytes = tree.put("config", config);
  entry.Config ||= `${sha256(bytes).slice(7)}.json`;
  tree.files.set(entry.Config, bytes);
  tree.put("manifest.json", [entry]);
  return tree;
}

Deno.test("loadImage() reads what docker save writes", async () => {
  const load = (tree: MemoryTree, name?: string): Promise<Image> =>
    loadImage(new DockerArchiveSource(tree), name, { platforms: [parsePlatform("linux/amd64")] });
  const image = await load(saved());
  assert.equal(sha256(image.manifestBytes), image.digest, "a manifest is made up");
  assert.equal((await load(saved())).digest, image.digest, "and always the same");
  assert.equal(image.layers[0]!.descriptor.digest, image.layers[0]!.diffId);
  assert.equal(image.layers[0]!.descriptor.size, 1024);
  for (const tag of ["busybox", "busybox:latest", "b:1", "example.org/b:1"]) {
    await load(saved(), tag);
  }
  await assert.rejects(
    load(saved(), "debian"),
    /layout: no image is called "debian"; it has busybox:latest, example\.org\/b:1/,
  );
  const refused = (change: Parameters<typeof saved>[0]): Promise<Image> => load(saved(change));
  await assert.rejects(refused((entry) => entry.Layers = ["x"]), /layout: x is missing/);
  await assert.rejects(
    refused((entry) => entry.Layers = [7]),
    /manifest\.json: \[0\]\.Layers\[0\]: expected a string/,
  );
  await assert.rejects(
    refused((entry) => entry.Layers = []),
    /rootfs\.diff_ids: 1 diff_ids for the 0 layers/,
  );
  await assert.rejects(
    refused((entry) => entry.Config = `${"0".repeat(64)}.json`),
    /its content has digest sha256:/,
  );
  await assert.rejects(
    load(layout(() => [])),
    /not a docker archive: it has no manifest\.json/,
  );
});
