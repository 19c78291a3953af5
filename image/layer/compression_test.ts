import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { decompress } from "./compression.ts";

/** Bytes that compress to about half. */
const CONTENT = new Uint8Array(3_000_000).map((_, i) => Math.imul(i, 2654435761) >>> 13 & 0x0f);
const PACKED: readonly [name: string, bytes: Uint8Array][] = [
  ["gzip", new Uint8Array(gzipSync(CONTENT))],
  ["zstd", new Uint8Array(zstdCompressSync(CONTENT))],
];

/** What became of a source. */
interface Watched {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly state: { given: number; closed: boolean };
}

/** Gives bytes in pieces, then ends, or throws `failure`. */
function watched(bytes: Uint8Array, size: number, failure?: Error): Watched {
  const state = { given: 0, closed: false };
  async function* stream(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < bytes.length; at += size) {
        state.given = Math.min(bytes.length, at + size);
        yield await Promise.resolve(bytes.slice(at, state.given));
      }
      if (failure !== undefined) throw failure;
    } finally {
      state.closed = true;
    }
  }
  return { stream: stream(), state };
}

async function digest(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
}
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const compressed = (text: string): Uint8Array => new Uint8Array(gzipSync(text));

for (const [name, packed] of PACKED) {
  Deno.test(`decompress(): ${name}, transient chunks: the same bytes, each good in its turn`, async () => {
    for (const size of [1000, 65_536, packed.length]) {
      assert.equal(await digest(decompress(watched(packed, size).stream)), sha256(CONTENT));
      assert.equal(
        await digest(decompress(watched(packed, size).stream, { transient: true })),
        sha256(CONTENT),
      );
    }
  });

  Deno.test(`decompress(): ${name}, transient chunks give their memory back, and no memory that others use`, async () => {
    const neighbours = Array.from({ length: 64 }, (_, i) => Buffer.from(`neighbour ${i}`.repeat(20)));
    const kept: Uint8Array[] = [];
    for await (const chunk of decompress(watched(packed, 65_536).stream, { transient: true })) {
      kept.push(chunk);
    }
    const given = kept.filter((chunk) => chunk.length === 0).length;
    assert.ok(given >= 8, `${given} of ${kept.length} chunks have been given back`);
    neighbours.forEach((text, i) => assert.equal(text.toString(), `neighbour ${i}`.repeat(20)));
    const tiny = name === "gzip" ? gzipSync("x".repeat(8192)) : zstdCompressSync("x".repeat(8192));
    for await (
      const chunk of decompress(watched(new Uint8Array(tiny), 7).stream, { transient: true })
    ) assert.equal(chunk[0], 0x78);
    assert.equal(Buffer.from("pool").toString(), "pool");
  });

  Deno.test(`decompress(): ${name}, chunks stay good unless they are transient`, async () => {
    const kept: Uint8Array[] = [];
    for await (const chunk of decompress(watched(packed, 65_536).stream)) kept.push(chunk);
    assert.equal(sha256(joined(...kept)), sha256(CONTENT));
  });

  Deno.test(`decompress(): ${name}, whoever stops in the middle ends the source`, async () => {
    const { stream, state } = watched(packed, 10_000);
    for await (const chunk of decompress(stream, { transient: true })) {
      assert.ok(chunk.length > 0);
      break;
    }
    for (let turn = 0; turn < 100 && !state.closed; turn++) await new Promise((done) => setTimeout(done, 0));
    assert.equal(state.closed, true);
    assert.ok(state.given < packed.length, `${state.given} of ${packed.length} bytes were read`);
  });

  Deno.test(`decompress(): ${name}, an error of the source is thrown as it is`, async () => {
    const failure = new Error("the network has gone");
    for (const length of [packed.length >> 1, packed.length]) {
      const { stream, state } = watched(packed.subarray(0, length), 10_000, failure);
      await assert.rejects(digest(decompress(stream)), (error) => error === failure);
      assert.equal(state.closed, true);
    }
  });

  Deno.test(`decompress(): ${name} that is cut off or damaged is called that, and the source is ended`, async () => {
    const damaged = packed.slice();
    damaged.fill(0xff, packed.length >> 1, (packed.length >> 1) + 1000);
    for (const bytes of [packed.subarray(0, packed.length >> 1), packed.subarray(0, -1), damaged]) {
      const { stream, state } = watched(bytes, 10_000);
      await assert.rejects(digest(decompress(stream, { transient: true })), / data is damaged/);
      for (let turn = 0; turn < 100 && !state.closed; turn++) {
        await new Promise((done) => setTimeout(done, 0));
      }
      assert.equal(state.closed, true);
    }
  });
}

Deno.test("decompress(): gzip of several members is their contents, one after the other (RFC 1952, section 2.2)", async () => {
  const bytes = joined(compressed("one "), compressed("two "), compressed("three"));
  for (const size of [1, 7, 1000]) {
    const parts: Uint8Array[] = [];
    for await (const chunk of decompress(watched(bytes, size).stream)) parts.push(chunk);
    assert.equal(new TextDecoder().decode(joined(...parts)), "one two three");
  }
});

Deno.test("decompress(): what follows gzip data is read to its end and not used", async () => {
  const rest = new Uint8Array(500_000);
  for (const size of [10_000, 1_000_000]) {
    const { stream, state } = watched(joined(PACKED[0]![1], rest), size);
    assert.equal(await digest(decompress(stream, { transient: true })), sha256(CONTENT));
    assert.equal(state.given, PACKED[0]![1].length + rest.length);
    assert.equal(state.closed, true);
  }
  const failure = new Error("its digest is wrong");
  await assert.rejects(
    digest(decompress(watched(joined(PACKED[0]![1], rest), 10_000, failure).stream)),
    (error) => error === failure,
  );
});

Deno.test("decompress(): a source that ends within the first bytes", async () => {
  for (const bytes of [[], [0x1f], [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd]]) {
    const reading = digest(decompress(watched(new Uint8Array(bytes), 1).stream));
    if (bytes.length < 2) assert.equal(await reading, sha256(new Uint8Array(bytes)));
    else await assert.rejects(reading, / data is damaged or cut off/);
  }
});
