import assert from "node:assert/strict";
import { ruleLines } from "./device_cgroup.ts";

Deno.test("rules of devices as the files of version 1 have them: a is for everything only", () => {
  const rule = { allow: true, access: "rwm" } as const;
  assert.deepEqual(ruleLines({ ...rule, type: "a" }), ["a"]);
  assert.deepEqual(ruleLines({ ...rule, type: "a", access: "" }), ["a"]);
  assert.deepEqual(ruleLines({ ...rule, type: "a", access: "r" }), ["b *:* r", "c *:* r"]);
  assert.deepEqual(ruleLines({ ...rule, type: "a", major: 1 }), ["b 1:* rwm", "c 1:* rwm"]);
  assert.deepEqual(ruleLines({ ...rule, type: "c", major: 10, minor: 229, access: "rw" }), ["c 10:229 rw"]);
});
