import assert from "node:assert/strict";
import { LayoutSource } from "../layout.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../media_types.ts";
import type { Image } from "../source.ts";
import { imageOf } from "../testing/memory_image.ts";
import { MemoryTree } from "../testing/memory_layout.ts";
import { findingText, validateLayout } from "../validate/mod.ts";
import { buildArtifact } from "./artifact.ts";
import { addToIndex, createIndex, indexEntry, type MadeIndex, removeFromIndex } from "./image_index.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function put(tree: MemoryTree, image: Image): void {
  tree.blob(OCI_MANIFEST, image.manifestBytes);
  tree.blob("", image.configBytes);
}

/** What validation finds in a layout with this index. */
async function findings(tree: MemoryTree, index: MadeIndex): Promise<string[]> {
  const { mediaType, digest, size } = index.descriptor;
  assert.deepEqual(tree.blob(mediaType, index.bytes), { mediaType, digest, size });
  tree.put("oci-layout", { imageLayoutVersion: "1.0.0" });
  tree.put("index.json", {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ mediaType, digest, size }],
  });
  return (await validateLayout(tree)).findings.map(findingText);
}

Deno.test("createIndex() takes platforms from configurations, types from artifacts; indexes in it have neither", async () => {
  const tree = new MemoryTree();
  const source = new LayoutSource(tree);
  const arm = imageOf([], {
    config: { architecture: "arm", variant: "v7", "os.version": "1", "os.features": ["x"] },
  });
  const amd = imageOf([]);
  put(tree, arm);
  put(tree, amd);
  const artifact = buildArtifact({ artifactType: "application/vnd.example+type", subject: amd.descriptor });
  tree.blob(OCI_MANIFEST, artifact.manifest.bytes);
  for (const { bytes } of artifact.blobs) tree.blob("", bytes);
  const inner = createIndex([await indexEntry(source, amd.descriptor)]);
  tree.blob(OCI_INDEX, inner.bytes);
  const index = createIndex([
    await indexEntry(source, arm.descriptor, { "com.example.a": "b" }),
    await indexEntry(source, artifact.manifest.descriptor),
    await indexEntry(source, inner.descriptor),
  ], {
    annotations: { set: { "com.example.c": "d" } },
    artifactType: "application/x",
    subject: amd.descriptor,
  });
  const document = JSON.parse(text(index.bytes));
  assert.deepEqual(document.manifests[0].platform, {
    architecture: "arm",
    os: "linux",
    "os.version": "1",
    "os.features": ["x"],
    variant: "v7",
  });
  assert.deepEqual(document.manifests[0].annotations, { "com.example.a": "b" });
  assert.equal(document.manifests[1].artifactType, "application/vnd.example+type");
  assert.deepEqual(Object.keys(document.manifests[2]), ["mediaType", "digest", "size"]);
  assert.deepEqual(document.annotations, { "com.example.c": "d" });
  assert.equal(document.subject.digest, amd.digest);
  assert.equal(document.artifactType, "application/x");
  const errors = (await findings(tree, index)).filter((each) => each.startsWith("error"));
  assert.deepEqual(errors, []);
});

Deno.test("addToIndex() and removeFromIndex() leave the other entries as they were written", async () => {
  const tree = new MemoryTree();
  const source = new LayoutSource(tree);
  const images = ["amd64", "arm64", "s390x"].map((architecture) => imageOf([], { config: { architecture } }));
  for (const image of images) put(tree, image);
  const odd = { mediaType: "application/x", digest: `sha256:${"0".repeat(64)}`, size: 1, "x.y": 12 };
  const first = createIndex([odd, await indexEntry(source, images[0]!.descriptor)]);
  const entries = await Promise.all(images.slice(1).map((image) => indexEntry(source, image.descriptor)));
  const more = addToIndex(first.bytes, entries);
  assert.equal(JSON.parse(text(more.bytes)).manifests.length, 4);
  assert.equal(addToIndex(more.bytes, entries).descriptor.digest, more.descriptor.digest);
  const less = removeFromIndex(more.bytes, (entry) => entries.some((each) => each.digest === entry.digest));
  assert.equal(text(less.bytes), text(first.bytes));
  assert.throws(() => removeFromIndex(less.bytes, () => false), /it has no such entry/);
  const changed = addToIndex(first.bytes, [], { artifactType: "a/b", annotations: { set: { "a.b": "c" } } });
  assert.equal(
    addToIndex(changed.bytes, [], { artifactType: null, annotations: { clear: true } }).descriptor.digest,
    first.descriptor.digest,
  );
});

Deno.test("buildArtifact() makes the three forms of manifest.md#guidelines-for-artifact-usage", () => {
  const manifest = (options: Parameters<typeof buildArtifact>[0]): Record<string, unknown> =>
    JSON.parse(text(buildArtifact(options).manifest.bytes));
  const empty = {
    mediaType: "application/vnd.oci.empty.v1+json",
    digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    size: 2,
  };
  const minimal = manifest({ artifactType: "application/vnd.example+type", annotations: { "a.b": "c" } });
  assert.deepEqual([minimal.config, minimal.layers, minimal.annotations], [empty, [empty], { "a.b": "c" }]);
  const layer = { mediaType: "application/vnd.example+type", bytes: Uint8Array.of(1) };
  assert.deepEqual(manifest({ artifactType: layer.mediaType, layers: [layer] }).config, empty);
  const config = { mediaType: "application/vnd.example.config.v1+json", bytes: Uint8Array.of(2) };
  const full = buildArtifact({ config, layers: [layer] });
  assert.equal(full.manifest.descriptor.artifactType, config.mediaType);
  assert.throws(() => buildArtifact({ layers: [layer] }), /it needs an artifactType/);
});
