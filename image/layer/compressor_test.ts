import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { sha256 } from "../digest.ts";
import { compressBlock } from "./block_codec.ts";
import { decompress } from "./compression.ts";
import { LayerCompressor, layerMediaType, parseCompression } from "./compressor.ts";
import { memoryLayer } from "./layer_blob.ts";
import { TarReader } from "./tar_reader.ts";
import type { LayerEntry } from "./tar_stream.ts";
import { tarStream } from "./tar_stream.ts";

/** Bytes that compress a little, the same each time. */
function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let seed = 1;
  for (let i = 0; i < size; i++) {
    seed = Math.imul(seed, 1664525) + 1013904223 | 0;
    bytes[i] = (seed >>> 24) & 0x3f;
  }
  return bytes;
}

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk.slice());
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

Deno.test("parseCompression() reads kinds and levels, and says what there is", () => {
  assert.deepEqual(parseCompression("gzip"), { compression: "gzip" });
  assert.deepEqual(parseCompression("zstd:19"), { compression: "zstd", level: 19 });
  assert.deepEqual(parseCompression("none"), { compression: "none" });
  assert.throws(() => parseCompression("xz"), /"xz": expected gzip, zstd or none/);
  assert.throws(() => parseCompression("gzip:10"), /gzip:10: levels are 0 to 9/);
  assert.throws(() => parseCompression("zstd:0"), /zstd:0: levels are 1 to 19/);
  assert.throws(() => parseCompression("none:1"), /none:1: it has no levels/);
});

Deno.test("layer.md#gzip-media-types, #zstd-media-types: the media type says the compression", () => {
  assert.equal(layerMediaType("gzip"), "application/vnd.oci.image.layer.v1.tar+gzip");
  assert.equal(layerMediaType("zstd"), "application/vnd.oci.image.layer.v1.tar+zstd");
  assert.equal(layerMediaType("none"), "application/vnd.oci.image.layer.v1.tar");
});

for (const kind of ["gzip", "zstd", "none"] as const) {
  for (const size of [0, 1, 1 << 20, (21 << 20) + 12345]) {
    Deno.test(`LayerCompressor: ${size} bytes as ${kind} come back, and both digests are right`, async () => {
      const bytes = noise(size);
      const layer = new LayerCompressor(chunked(bytes, 300_000), { compression: kind });
      const packed = await collect(layer);
      assert.equal(layer.diffId, sha256(bytes));
      assert.equal(layer.descriptor.digest, sha256(packed));
      assert.equal(layer.descriptor.size, packed.length);
      assert.equal(layer.archiveSize, size);
      if (kind === "gzip") assert.deepEqual(new Uint8Array(gunzipSync(packed)), bytes);
      if (size > 0) assert.equal(sha256(await collect(decompress(chunked(packed, 100_000)))), sha256(bytes));
    });
  }
}

Deno.test("LayerCompressor gives the same bytes whatever the chunks of the archive are", async () => {
  const bytes = noise((9 << 20) + 1);
  const packed = async (chunk: number, level: number): Promise<string> =>
    sha256(await collect(new LayerCompressor(chunked(bytes, chunk), { compression: "gzip", level })));
  assert.equal(await packed(1000, 1), await packed(5 << 20, 1));
  assert.notEqual(await packed(1 << 20, 1), await packed(1 << 20, 9));
});

Deno.test("LayerCompressor writes a gzip header without a time, a name or a host", async () => {
  const packed = await collect(new LayerCompressor(chunked(noise(10), 10), { compression: "gzip" }));
  assert.deepEqual([...packed.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
});

Deno.test("LayerCompressor ends its threads when nobody reads on, and when the archive fails", async () => {
  const bytes = noise(12 << 20);
  for await (const chunk of new LayerCompressor(chunked(bytes, 1 << 20), { compression: "gzip", level: 1 })) {
    if (chunk.length > 1000) break;
  }
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* chunked(bytes, 1 << 20);
    throw new Error("reading a: cut off");
  }
  const layer = new LayerCompressor(failing(), { compression: "gzip", level: 1 });
  await assert.rejects(collect(layer), /reading a: cut off/);
  assert.throws(() => layer.diffId, /known at its end only/);
});

Deno.test("compressBlock() refers to nothing outside, because workers get its text", () => {
  const free = new Function(`return ${compressBlock}`)() as typeof compressBlock;
  const zlib = {
    deflateRawSync: (bytes: Uint8Array) => bytes,
    zstdCompressSync: () => Uint8Array.of(1),
    constants: { Z_SYNC_FLUSH: 2, ZSTD_c_compressionLevel: 100 },
  };
  assert.deepEqual(free(zlib, "gzip", 6, Uint8Array.of(7), new Uint8Array(0)), Uint8Array.of(7));
  assert.deepEqual(free(zlib, "zstd", 3, Uint8Array.of(7), new Uint8Array(0)), Uint8Array.of(1));
});

Deno.test("memoryLayer() makes a layer of entries with contents of every kind", async () => {
  const entries: LayerEntry[] = [
    { name: "a", type: "dir", mode: 0o755 },
    { name: "a/b", type: "file", mode: 0o644, content: Uint8Array.of(1, 2, 3) },
    { name: "a/c", type: "file", mode: 0o644, size: 700_000, content: () => chunked(noise(700_000), 999) },
    { name: "a/d", type: "symlink", mode: 0o777, linkname: "b" },
    { name: "a/e", type: "file", mode: 0o644 },
  ];
  const layer = await memoryLayer(entries, { compression: "zstd" });
  const archive = await collect(decompress(layer.open()));
  assert.equal(sha256(archive), layer.diffId);
  const found: string[] = [];
  const reader = new TarReader((entry) => found.push(`${entry.name} ${entry.type} ${entry.size}`));
  reader.push(archive);
  reader.end();
  assert.deepEqual(found, ["a/ dir 0", "a/b file 3", "a/c file 700000", "a/d symlink 0", "a/e file 0"]);
});

Deno.test("layer.md#distributable-format: tarStream() refuses a name that comes twice", async () => {
  const twice: LayerEntry[] = [{ name: "a", type: "dir", mode: 0o755 }, {
    name: "a",
    type: "fifo",
    mode: 0o644,
  }];
  await assert.rejects(collect(tarStream(twice)), /layer entry "a": it is there twice/);
});

Deno.test("tarStream() refuses content that is shorter or longer than its size", async () => {
  const file = (size: number): LayerEntry[] => [
    { name: "f", type: "file", mode: 0o644, size, content: () => [Uint8Array.of(1, 2)] },
  ];
  await assert.rejects(collect(tarStream(file(3))), /layer entry "f": 2 bytes of content, not 3/);
  await assert.rejects(collect(tarStream(file(1))), /layer entry "f": more bytes of content, not 1/);
});
