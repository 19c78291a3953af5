import assert from "node:assert/strict";
import { commOf } from "./comm.ts";

Deno.test("a task's name is 15 bytes at most, whatever characters they are", () => {
  assert.equal(commOf("sh"), "sh");
  assert.equal(commOf("0123456789abcdefg"), "0123456789abcde");
  assert.equal(commOf("ééééééééé"), "ééééééé\udcc3");
});
