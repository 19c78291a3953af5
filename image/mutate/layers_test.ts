import assert from "node:assert/strict";
import { sha256 } from "../digest.ts";
import { decompress } from "../layer/compression.ts";
import { tarStream } from "../layer/tar_stream.ts";
import type { LayerEntry } from "../layer/tar_stream.ts";
import { memoryLayer } from "../layer/layer_blob.ts";
import type { Image } from "../source.ts";
import { bytesOf, imageOf, memoryImage } from "../testing/memory_image.ts";
import { appendLayer, checkedArchive } from "./append.ts";
import { convertCompression, convertFormat } from "./convert.ts";
import { editConfig } from "./edit_config.ts";
import { inMemory } from "./layer_maker.ts";
import { BASE_DIGEST, BASE_NAME, rebase } from "./rebase.ts";

const file = (name: string): LayerEntry => ({
  name,
  type: "file",
  mode: 0o644,
  content: new TextEncoder().encode(name),
});
const document = (bytes: Uint8Array): Record<string, unknown> => JSON.parse(new TextDecoder().decode(bytes));
const steps = (image: Image): unknown[] => image.config.history.map((each) => each.created_by);
const DOCKER = { manifest: { mediaType: "application/vnd.docker.distribution.manifest.v2+json" } };

Deno.test("appendLayer() puts a layer on top, with a step; the layers below stay byte for byte", async () => {
  const image = await memoryImage([[file("a")], [file("b")]]);
  const layer = await memoryLayer([file("c")]);
  const changed = appendLayer(image, layer, { createdBy: "append", created: "2020-01-01T00:00:00Z" });
  const written = document(changed.manifestBytes).layers as unknown[];
  assert.deepEqual(written.slice(0, 2), document(image.manifestBytes).layers);
  assert.deepEqual(changed.config.diffIds, [...image.config.diffIds, layer.diffId]);
  assert.deepEqual(steps(changed), ["step 0", "step 1", "append"]);
  assert.equal(changed.config.created, "2020-01-01T00:00:00Z");
  assert.equal(sha256(await bytesOf(changed.layers[2]!.open())), layer.descriptor.digest);
  assert.equal(
    appendLayer(image, layer, { createdBy: "append", created: "2020-01-01T00:00:00Z" }).digest,
    changed.digest,
  );
});

Deno.test("appendLayer() to an image of Docker's format gives a layer of that format, and refuses zstd", async () => {
  const image = await memoryImage([[file("a")]], DOCKER);
  const changed = appendLayer(image, await memoryLayer([file("c")]));
  assert.equal(changed.manifest.layers[1]!.mediaType, "application/vnd.docker.image.rootfs.diff.tar.gzip");
  const zstd = await memoryLayer([file("c")], { compression: "zstd" });
  assert.throws(() => appendLayer(image, zstd), /Docker's format has no media type for zstd/);
});

Deno.test("checkedArchive() passes a good archive on, compressed or not, and names what is wrong with others", async () => {
  const tar = await bytesOf(tarStream([file("a")]));
  const of = (bytes: Uint8Array): AsyncIterable<Uint8Array> => new Blob([bytes as BlobPart]).stream();
  assert.deepEqual(await bytesOf(checkedArchive(of(tar), "x")), tar);
  const packed = await bytesOf((await memoryLayer([file("a")])).open());
  assert.deepEqual(await bytesOf(checkedArchive(of(packed), "x")), tar);
  await assert.rejects(
    bytesOf(checkedArchive(of(tar.subarray(0, 512)), "x.tar")),
    /^Error: x\.tar: tar archive, offset/,
  );
  const evil = await bytesOf(tarStream([file("../evil")]));
  await assert.rejects(
    bytesOf(checkedArchive(of(evil), "x.tar")),
    /x\.tar: entry "\.\.\/evil": it leads outside/,
  );
});

/** An image on a base: two base layers, one of its own, and steps that made none. */
async function based(): Promise<{ base: Image; image: Image; next: Image }> {
  const history = [{ created_by: "b0" }, { created_by: "b1" }, { created_by: "CMD", empty_layer: true }];
  const base = await memoryImage([[file("b0")], [file("b1")]], { config: { history } });
  const step = { createdBy: "own" };
  const image = editConfig(appendLayer(base, await memoryLayer([file("own")]), step), {
    user: "me",
    history: { createdBy: "USER" },
  });
  const next = await memoryImage([[file("n0")], [file("n1")], [file("n2")]], {
    config: {
      history: [{ created_by: "n0" }, { created_by: "n1" }, { created_by: "n2" }],
      "os.version": "2",
    },
  });
  return { base, image, next };
}

Deno.test("rebase() puts an image's own layers and steps on another base", async () => {
  const { base, image, next } = await based();
  const moved = rebase(image, base, next, { baseName: "example.org/base:2" });
  assert.deepEqual(moved.config.diffIds, [...next.config.diffIds, image.config.diffIds[2]]);
  assert.deepEqual(steps(moved), ["n0", "n1", "n2", "own", "USER"]);
  assert.equal(moved.config.config.User, "me");
  assert.equal(moved.config.osVersion, "2");
  assert.deepEqual(moved.manifest.annotations, {
    [BASE_DIGEST]: next.digest,
    [BASE_NAME]: "example.org/base:2",
  });
  const own = document(moved.manifestBytes).layers as unknown[];
  assert.deepEqual(own[3], (document(image.manifestBytes).layers as unknown[])[2]);
});

Deno.test("rebase() refuses an image that is not on that base, and another platform", async () => {
  const { base, image, next } = await based();
  assert.throws(
    () => rebase(image, next, base),
    /it is not based on memory: layer 0 is sha256:\w+, there it is sha256:/,
  );
  assert.throws(
    () => rebase(image, base, editConfig(next, { architecture: "arm64" })),
    /its architecture is "amd64", that of memory "arm64"/,
  );
});

Deno.test("rebase() counts layers where the base's steps have been rewritten", async () => {
  const { base, image, next } = await based();
  const other = editConfig(base, { clearHistory: true });
  assert.deepEqual(steps(rebase(image, other, next)), ["n0", "n1", "n2", "CMD", "own", "USER"]);
});

Deno.test("rebase() closes image and new base once they are not needed", async () => {
  const { base, image, next } = await based();
  const closed: string[] = [];
  const watched = (image: Image, name: string): Image => ({ ...image, close: () => closed.push(name) });
  rebase(watched(image, "image"), watched(base, "base"), watched(next, "next")).close();
  assert.deepEqual(closed, ["image", "next"]);
});

Deno.test("convertCompression() keeps archives and diff_ids, among gzip, zstd and none", async () => {
  const image = await memoryImage([[file("a")], [file("b")]]);
  let last = image;
  for (const compression of ["zstd", "none", "gzip"] as const) {
    last = await convertCompression(last, { compression }, inMemory);
    const suffix = compression === "none" ? "" : `+${compression}`;
    for (const [i, layer] of last.layers.entries()) {
      assert.equal(layer.descriptor.mediaType, `application/vnd.oci.image.layer.v1.tar${suffix}`);
      assert.equal(sha256(await bytesOf(decompress(layer.open()))), image.layers[i]!.diffId);
    }
    assert.equal(last.configBytes, image.configBytes);
  }
  assert.equal(last.digest, image.digest); // the same compressor gives the same bytes
  const same = await convertCompression(image, { compression: "gzip" }, () => {
    throw new Error("nothing is to be made");
  });
  assert.equal(same.digest, image.digest);
  const smaller = await convertCompression(image, { compression: "gzip", level: 0 }, inMemory);
  assert.notEqual(smaller.digest, image.digest);
});

Deno.test("convertCompression() refuses a layer whose archive is not the diff_id's (config.md: diff_ids)", async () => {
  const layer = await memoryLayer([file("a")]);
  const image = imageOf([{ ...layer, diffId: `sha256:${"0".repeat(64)}` }]);
  await assert.rejects(
    convertCompression(image, { compression: "zstd" }, inMemory),
    /memory: layer sha256:\w+: its archive has digest sha256:\w+, not the diff_id sha256:0{64}/,
  );
});

Deno.test("convertFormat() goes to Docker's media types and back", async () => {
  const image = await memoryImage([[file("a")]], { manifest: { annotations: { a: "b" } } });
  const docker = convertFormat(image, "docker");
  const written = document(docker.manifestBytes) as {
    mediaType: string;
    config: { mediaType: string };
    layers: { mediaType: string }[];
    annotations?: unknown;
  };
  assert.equal(written.mediaType, "application/vnd.docker.distribution.manifest.v2+json");
  assert.equal(written.config.mediaType, "application/vnd.docker.container.image.v1+json");
  assert.equal(written.layers[0]!.mediaType, "application/vnd.docker.image.rootfs.diff.tar.gzip");
  assert.equal(written.annotations, undefined);
  assert.equal(docker.descriptor.mediaType, written.mediaType);
  assert.equal(docker.configBytes, image.configBytes);
  const back = convertFormat(docker, "oci");
  assert.equal(back.manifest.layers[0]!.mediaType, "application/vnd.oci.image.layer.v1.tar+gzip");
  assert.equal(convertFormat(back, "oci"), back);
  const subject = { mediaType: "application/x", digest: `sha256:${"0".repeat(64)}`, size: 1 };
  const artifact = await memoryImage([[file("a")]], { manifest: { subject } });
  assert.throws(() => convertFormat(artifact, "docker"), /Docker's format: it has no subject/);
});
