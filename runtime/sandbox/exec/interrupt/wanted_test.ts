import assert from "node:assert/strict";
import { decodeSpec } from "../../../spec/decode.ts";
import { wantsInterruption } from "./wanted.ts";

const wants = (more: Record<string, unknown>, process: Record<string, unknown> = {}): boolean =>
  wantsInterruption(decodeSpec({
    ociVersion: "1.3.0",
    root: { path: "r" },
    process: { cwd: "/", args: ["/x"], ...process },
    ...more,
  }));

Deno.test("wantsInterruption(): who asks for it gets it, and nobody else pays", () => {
  assert.equal(wants({}), false);
  assert.equal(wants({ annotations: { "umiak.interruptible": "true" } }), true);
  assert.equal(wants({ linux: { resources: { cpu: { quota: 5000 } } } }), true);
  for (const cpu of [{ quota: -1 }, { shares: 10 }]) {
    assert.equal(wants({ linux: { resources: { cpu } } }), false);
  }
  const rlimit = (type: string): boolean => wants({}, { rlimits: [{ type, soft: 1, hard: 1 }] });
  assert.deepEqual(["RLIMIT_CPU", "RLIMIT_NOFILE"].map(rlimit), [true, false]);
});

Deno.test("wantsInterruption(): a container of a pod does, by the annotations of its caller, unless ours says no", () => {
  for (const name of ["io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"]) {
    assert.equal(wants({ annotations: { [name]: "x" } }), true);
    assert.equal(wants({ annotations: { [name]: "x", "umiak.interruptible": "false" } }), false);
  }
});
