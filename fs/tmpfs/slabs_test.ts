/** Large files in large pieces of memory. @module */
import assert from "node:assert/strict";
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_CREAT, O_RDWR } from "../abi/open.ts";
import { Files, testCaller } from "../testing/mod.ts";
import type { PageSource } from "../vfs/vfs.ts";
import { CHUNK } from "./content.ts";
import { TmpfsSuper } from "./mod.ts";
import { Slabs } from "./slabs.ts";

const PIECE = 8 * CHUNK;

/** A source that counts what it has given, and what has come back. */
class Source implements PageSource {
  readonly step = 4 * CHUNK;
  pieces = 0;
  prepared = 0;
  released = 0;

  allocate(): Uint8Array {
    this.pieces++;
    return new Uint8Array(new ArrayBuffer(PIECE + 4096), 4096);
  }

  prepare(bytes: Uint8Array): void {
    assert.ok(bytes.every((byte) => byte === 0));
    this.prepared += bytes.length;
  }

  release(bytes: Uint8Array): void {
    this.released += bytes.length;
    bytes.fill(0);
  }
}

Deno.test("Slabs gives chunks that do not overlap, takes them back, and forgets pieces that nobody uses", () => {
  const source = new Source(), slabs = new Slabs(source, CHUNK);
  const taken = Array.from({ length: 20 }, () => slabs.take()!);
  assert.deepEqual([source.pieces, source.prepared], [3, 20 * CHUNK]);
  taken.forEach((chunk, i) => chunk.fill(i + 1));
  assert.ok(taken.every((chunk, i) => chunk.length === CHUNK && chunk.every((byte) => byte === i + 1)));
  slabs.give(new Uint8Array(CHUNK)); // of somebody else
  assert.equal(source.released, 0);
  for (const i of [3, 17, 5]) slabs.give(taken[i]!);
  const again = [slabs.take()!, slabs.take()!, slabs.take()!];
  assert.ok(again.every((chunk) => chunk.every((byte) => byte === 0)));
  assert.equal(source.pieces, 3);
  const others = [...taken.filter((_, i) => ![3, 17, 5].includes(i)), ...again];
  for (const chunk of others) slabs.give(chunk);
  assert.equal(source.released, 23 * CHUNK);
  slabs.take();
  assert.equal(source.pieces, 4);
});

Deno.test("Slabs without a source that gives: there are none", () => {
  const slabs = new Slabs(
    { allocate: () => undefined, step: CHUNK, prepare: () => {}, release: () => {} },
    CHUNK,
  );
  assert.equal(slabs.take(), undefined);
});

Deno.test("a large file on slabs reads as it was written; holes and what is cut off are given back", () => {
  const source = new Source(), sb = new TmpfsSuper();
  sb.pages = source;
  const f = new Files(testCaller(sb));
  const file = f.open("/large", O_CREAT | O_RDWR);
  const size = 8 * 1024 * 1024, block = new Uint8Array(40_000);
  for (let at = 0; at < size; at += block.length) {
    block.fill((at / block.length) % 251);
    assert.equal(file.pwrite(block, 0, block.length, at), block.length);
  }
  assert.ok(source.pieces > 0);
  const at = (pos: number): number => {
    const byte = new Uint8Array(1);
    assert.equal(file.pread(byte, 0, 1, pos), 1);
    return byte[0]!;
  };
  const written = (pos: number): number => Math.floor(pos / block.length) % 251;
  for (let pos = 0; pos < size; pos += 12_345) assert.equal(at(pos), written(pos), `at ${pos}`);
  const from = 5 * 1024 * 1024, hole = 1024 * 1024;
  assert.equal(file.allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, hole), 0);
  assert.equal(source.released, hole);
  for (let pos = 0; pos < size; pos += 12_345) {
    assert.equal(at(pos), pos >= from && pos < from + hole ? 0 : written(pos), `at ${pos}`);
  }
  file.close();
  f.unlink("/large");
  assert.equal(sb.usedBytes, 0);
});
