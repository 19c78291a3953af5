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

Deno.test("version2Writes(): weights of BFQ are not converted; a limit of 0 tasks is one", () => {
  const blockIO = { weight: 500, weightDevice: [{ major: 8, minor: 0, weight: 300 }] };
  const resources = parseResources(JSON.stringify({ blockIO, pids: { limit: 0 } }), "test");
  const lines = (bfq: boolean): string[] =>
    version2Writes(resources, [], bfq).map(({ files, value }) => `${files[0]}=${value}`).sort();
  assert.deepEqual(lines(true), ["io.bfq.weight=500", "io.bfq.weight=8:0 300", "pids.max=0"]);
  assert.deepEqual(lines(false), ["io.weight=8:0 2930", "io.weight=default 4950", "pids.max=0"]);
});
