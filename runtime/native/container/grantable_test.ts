import assert from "node:assert/strict";
import { parseProcess } from "../../spec/decode_process.ts";
import { withoutUngrantable } from "./grantable.ts";

Deno.test("withoutUngrantable(): capabilities that the runtime has not are left out of what is granted, and named", () => {
  const names = ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_NEVER"];
  const capabilities = {
    bounding: names,
    effective: names,
    permitted: names,
    inheritable: ["CAP_CHOWN"],
    ambient: [],
  };
  const process = parseProcess(JSON.stringify({ args: ["a"], cwd: "/", capabilities }));
  const { process: own, names: left } = withoutUngrantable(process, ~(1n << 24n));
  assert.deepEqual([own.capabilities, left], [
    {
      bounding: names,
      effective: ["CAP_CHOWN", "CAP_NEVER"],
      permitted: ["CAP_CHOWN", "CAP_NEVER"],
      inheritable: ["CAP_CHOWN"],
      ambient: [],
    },
    ["CAP_SYS_RESOURCE"],
  ]);
  assert.equal(withoutUngrantable(process, ~0n).process, process);
});
