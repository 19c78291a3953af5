import assert from "node:assert/strict";
import { listOf, numberOf, pairsOf } from "./stats_text.ts";
import { version1Stats } from "./stats_version1.ts";
import { version2Stats } from "./stats_version2.ts";

// deno-lint-ignore no-explicit-any
type Loose = any;

Deno.test("numbers, lists and pairs of counters", () => {
  assert.deepEqual(["max", "17", "-1", "", undefined].map(numberOf), [(1n << 64n) - 1n, 17n, -1n, 0n, 0n]);
  assert.deepEqual([listOf("0-2,7"), listOf("3"), listOf("")], [[0, 1, 2, 7], [3], undefined]);
  assert.deepEqual(pairsOf("a 1\nb max\n\nc"), { a: 1n, b: (1n << 64n) - 1n });
});

Deno.test("version1Stats(): ticks are nanoseconds, what is 0 or absent is left out as runc leaves it out", () => {
  const files: Record<string, string> = {
    "cpuacct.usage": "900",
    "cpuacct.usage_percpu": "400 500 ",
    "cpuacct.usage_all": "cpu user system\n0 300 100\n1 500 0",
    "cpuacct.stat": "user 2\nsystem 3",
    "cpu.stat": "nr_periods 4\nnr_throttled 0\nthrottled_time 7",
    "memory.usage_in_bytes": "4096",
    "memory.limit_in_bytes": "8192",
    "memory.stat": "cache 5\nrss 6",
    "pids.current": "2",
    "pids.max": "max",
    "blkio.throttle.io_serviced_recursive": "8:0 Read 3\n8:0 Total 3\nTotal 3",
  };
  const data: Loose = version1Stats((_, file) => files[file], []);
  assert.deepEqual(data.cpu.usage, {
    ...{ total: 900n, percpu: [400n, 500n], percpu_kernel: [100n, 0n], percpu_user: [300n, 500n] },
    ...{ kernel: 30_000_000n, user: 20_000_000n },
  });
  assert.deepEqual(data.cpu.throttling, { periods: 4n, throttledTime: 7n });
  assert.deepEqual(data.memory.usage, { limit: 8192n, usage: 4096n, failcnt: 0n });
  assert.deepEqual([data.memory.cache, data.memory.raw], [5n, { cache: 5n, rss: 6n }]);
  assert.deepEqual(data.pids, { current: 2n });
  assert.deepEqual(data.blkio.ioServicedRecursive, [
    { major: 8n, op: "Read", value: 3n },
    { major: 8n, op: "Total", value: 3n },
  ]);
});

Deno.test("version2Stats(): microseconds are nanoseconds, swap is memory and swap together as version 1 has it", () => {
  const files: Record<string, string> = {
    "cpu.stat": "usage_usec 9\nuser_usec 4\nsystem_usec 5\nnr_periods 2\nthrottled_usec 3",
    "memory.current": "100",
    "memory.max": "1000",
    "memory.swap.current": "20",
    "memory.swap.max": "500",
    "memory.events": "low 0\nmax 6\noom 0",
    "pids.current": "1",
    "pids.max": "40",
    "io.stat": "8:16 rbytes=11 wbytes=0 rios=1",
    "hugetlb.2MB.current": "2097152",
    "hugetlb.2MB.events": "max 1",
  };
  const data: Loose = version2Stats((file) => files[file], ["2MB"]);
  assert.deepEqual(data.cpu.usage, { total: 9000n, kernel: 5000n, user: 4000n });
  assert.deepEqual(data.cpu.throttling, { periods: 2n, throttledTime: 3000n });
  assert.deepEqual(data.memory.usage, { limit: 1000n, usage: 100n, failcnt: 6n });
  assert.deepEqual(data.memory.swap, { limit: 1500n, usage: 120n, failcnt: 0n });
  assert.deepEqual(data.pids, { current: 1n, limit: 40n });
  assert.deepEqual(data.hugetlb, { "2MB": { usage: 2097152n, failcnt: 1n } });
});
