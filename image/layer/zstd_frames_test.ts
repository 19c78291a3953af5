import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, zstdCompressSync } from "node:zlib";
import { decompress } from "./compression.ts";
import { splitFrames } from "./zstd_frames.ts";

const frame = (text: string, checksum = false): Uint8Array =>
  new Uint8Array(zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 } }));

/** A frame that decoders pass over, as zstd:chunked ends with (RFC 8878, section 3.1.2). */
const skippable = (size: number): Uint8Array => {
  const bytes = new Uint8Array(8 + size).fill(0x28);
  bytes.set([0x5f, 0x2a, 0x4d, 0x18, size & 255, size >> 8, 0, 0]);
  return bytes;
};

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function text(source: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part.slice());
  return new TextDecoder().decode(joined(parts));
}

const TEXTS = [
  "",
  "a",
  "zeros\0".repeat(50_000),
  "x".repeat(300_000),
  ...Array.from({ length: 50 }, (_, i) => `file ${i} `.repeat(i * 30)),
];
const FRAMES = TEXTS.flatMap((
  each,
  i,
) => [frame(each, i % 2 === 0), ...(i % 7 === 3 ? [skippable(i * 100)] : [])]);

for (const size of [1, 7, 4096, 1 << 22]) {
  Deno.test(`layer.md#zstd-media-types: a layer of many frames, in chunks of ${size} bytes`, async () => {
    const archive = joined(FRAMES);
    assert.equal(await text(decompress(chunked(archive, size))), TEXTS.join(""));
    const pieces: Uint8Array[] = [];
    for await (const piece of splitFrames(chunked(archive, 1 << 22))) pieces.push(piece);
    if (size === 1 << 22) {
      assert.deepEqual(
        pieces.map((each) => each.length),
        FRAMES.map((each) => each.length),
      );
    }
  });
}

Deno.test("decompress(): zstd data that ends inside a frame is cut off, wherever that is", async () => {
  const archive = joined([
    frame("first frame"),
    frame("second frame of more bytes, which are cut off", true),
  ]);
  const first = frame("first frame").length;
  for (let length = first + 1; length < archive.length; length++) {
    await assert.rejects(
      text(decompress(chunked(archive.subarray(0, length), 1000))),
      /zstd data is damaged or cut off/,
      String(length),
    );
  }
  assert.equal(await text(decompress(chunked(archive.subarray(0, first), 1000))), "first frame");
});

Deno.test("decompress(): zstd data with something else behind it is damaged", async () => {
  const archive = joined([frame("first frame"), new TextEncoder().encode("and more")]);
  await assert.rejects(text(decompress(chunked(archive, 1000))), /something else follows a frame/);
});
