import assert from "node:assert/strict";
import { parseResources } from "../../spec/decode_resources.ts";
import { version1Writes } from "./version1.ts";

const lines = (resources: unknown): string[] =>
  version1Writes(parseResources(JSON.stringify(resources), "test")).map(({ controller, files, value }) =>
    `${controller} ${files.join("|")}=${value}`
  );

Deno.test("version1Writes(): memory; no limit of memory is none of swap either, as with runc", () => {
  assert.deepEqual(lines({ memory: { limit: 1000, swap: 2000, reservation: 500, swappiness: 0 } }), [
    "memory memory.limit_in_bytes=1000",
    "memory memory.memsw.limit_in_bytes=2000",
    "memory memory.soft_limit_in_bytes=500",
    "memory memory.swappiness=0",
  ]);
  assert.deepEqual(lines({ memory: { limit: -1, kernel: 4096, kernelTCP: 4096, disableOOMKiller: true } }), [
    "memory memory.limit_in_bytes=-1",
    "memory memory.memsw.limit_in_bytes=-1",
    "memory memory.kmem.tcp.limit_in_bytes=4096",
    "memory memory.oom_control=1",
  ]);
  assert.deepEqual(lines({ memory: { limit: 0, disableOOMKiller: false, useHierarchy: true } }), [
    "memory memory.use_hierarchy=1",
  ]);
  assert.throws(
    () => lines({ memory: { limit: 10, swap: 5 } }),
    /config\.json: linux\.resources\.memory\.swap:/,
  );
});

Deno.test("version1Writes(): cpu and cpuset, first what processes cannot be without", () => {
  assert.deepEqual(
    lines({
      cpu: { shares: 512, quota: 50000, period: 100000, burst: 1000, cpus: "0-1", mems: "0", idle: 1 },
    }),
    [
      "cpuset cpuset.cpus=0-1",
      "cpuset cpuset.mems=0",
      "cpu cpu.shares=512",
      "cpu cpu.cfs_period_us=100000",
      "cpu cpu.cfs_burst_us=1000",
      "cpu cpu.cfs_quota_us=50000",
      "cpu cpu.idle=1",
    ],
  );
  assert.deepEqual(lines({ cpu: { realtimePeriod: 1000000, realtimeRuntime: 950000, quota: -1 } }), [
    "cpu cpu.cfs_quota_us=-1",
    "cpu cpu.rt_period_us=1000000",
    "cpu cpu.rt_runtime_us=950000",
  ]);
});

Deno.test("version1Writes(): a limit of 0 tasks is one, -1 is none (config-linux.md#pids)", () => {
  assert.deepEqual(lines({ pids: { limit: 0 } }), ["pids pids.max=0"]);
  assert.deepEqual(lines({ pids: { limit: -1 } }), ["pids pids.max=max"]);
});

Deno.test("version1Writes(): blkio, hugetlb, rdma, net_cls, net_prio", () => {
  const rate = [{ major: 8, minor: 16, rate: 300 }];
  assert.deepEqual(
    lines({
      blockIO: {
        weight: 10,
        leafWeight: 20,
        weightDevice: [{ major: 8, minor: 0, weight: 500, leafWeight: 300 }],
        throttleReadBpsDevice: rate,
        throttleWriteIOPSDevice: rate,
      },
      hugepageLimits: [{ pageSize: "2MB", limit: 9 }],
      network: { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] },
      rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10000 } },
    }),
    [
      "blkio blkio.weight|blkio.bfq.weight=10",
      "blkio blkio.leaf_weight=20",
      "blkio blkio.weight_device|blkio.bfq.weight_device=8:0 500",
      "blkio blkio.leaf_weight_device=8:0 300",
      "blkio blkio.throttle.read_bps_device=8:16 300",
      "blkio blkio.throttle.write_iops_device=8:16 300",
      "hugetlb hugetlb.2MB.limit_in_bytes=9",
      "hugetlb hugetlb.2MB.rsvd.limit_in_bytes=9",
      "net_cls net_cls.classid=1048577",
      "net_prio net_prio.ifpriomap=eth0 500",
      "rdma rdma.max=mlx5_1 hca_handle=3 hca_object=10000",
    ],
  );
});

Deno.test("version1Writes(): unified is for version 2 only (config-linux.md#unified)", () => {
  assert.throws(() => lines({ unified: { "memory.high": "1" } }), /linux\.resources\.unified:/);
});
