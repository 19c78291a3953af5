import assert from "node:assert/strict";
import { hasStart } from "./start_section.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A custom section of `size` bytes. */
const custom = (size: number): number[] => [0, size & 0x7f | 0x80, size >>> 7, ...new Array(size).fill(8)];

Deno.test("hasStart() finds the section behind others, whatever these contain", () => {
  assert.equal(hasStart(Uint8Array.from([...HEADER, ...custom(200), 8, 1, 0])), true);
  assert.equal(hasStart(Uint8Array.from([...HEADER, ...custom(200), ...custom(300)])), false);
  assert.equal(hasStart(Uint8Array.from(HEADER)), false);
});

Deno.test("hasStart() ends on what is cut off", () => {
  assert.equal(hasStart(Uint8Array.from([...HEADER, 1, 0x80])), false);
  assert.equal(hasStart(Uint8Array.from([...HEADER, 1])), false);
  assert.equal(hasStart(new Uint8Array(0)), false);
});
