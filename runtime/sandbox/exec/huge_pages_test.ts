/** Memory in huge pages. @module */
import assert from "node:assert/strict";
import { hugePages } from "./huge_pages.ts";

Deno.test("hugePages(): zeros, and what is released reads as zeros again", {
  ignore: Deno.build.os !== "linux",
}, () => {
  const pages = hugePages(), bytes = pages.allocate();
  assert.ok(bytes !== undefined);
  for (let at = 0; at < bytes.length; at += pages.step) pages.prepare(bytes.subarray(at, at + pages.step));
  assert.ok(bytes.length >= 30 * 1024 * 1024);
  const part = bytes.subarray(65536, 3 * 65536);
  assert.ok(part.every((byte) => byte === 0));
  bytes.fill(7, 0, 4 * 65536);
  pages.release(part);
  assert.ok(part.every((byte) => byte === 0));
  assert.deepEqual([bytes[65535], bytes[3 * 65536]], [7, 7]);
});
