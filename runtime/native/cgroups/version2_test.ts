import assert from "node:assert/strict";
import { parseResources } from "../../spec/decode_resources.ts";
import { version2Writes } from "./version2.ts";

const writes = (resources: unknown) =>
  version2Writes(parseResources(JSON.stringify(resources), "test"), ["memory", "io"])
    .map(({ files, value, property }) => [files[0], value, property]);

Deno.test("version2Writes(): every file with its place in config.json", () => {
  assert.deepEqual(
    writes({
      memory: { limit: 1000, swap: 3000, reservation: 500 },
      cpu: { shares: 1024, quota: 1, period: 2 },
    }),
    [
      ["memory.swap.max", "2000", "linux.resources.memory.swap"],
      ["memory.max", "1000", "linux.resources.memory.limit"],
      ["memory.low", "500", "linux.resources.memory.reservation"],
      ["cpu.weight", "39", "linux.resources.cpu.shares"],
      ["cpu.max", "1 2", "linux.resources.cpu.quota"],
    ],
  );
});

Deno.test("version2Writes(): unified is written as it is, line by line; its controllers must be there (config-linux.md#unified)", () => {
  assert.deepEqual(writes({ unified: { "io.max": "8:0 rbps=1\n8:16 wiops=2", "cgroup.max.depth": "3" } }), [
    ["io.max", "8:0 rbps=1", 'linux.resources.unified["io.max"]'],
    ["io.max", "8:16 wiops=2", 'linux.resources.unified["io.max"]'],
    ["cgroup.max.depth", "3", 'linux.resources.unified["cgroup.max.depth"]'],
  ]);
  assert.throws(
    () => writes({ unified: { "rdma.max": "x" } }),
    /unified\["rdma\.max"\]: there is no controller rdma/,
  );
});
