/** Counters of cgroups version 1 in the form of `runc events --stats`. @module */
import {
  listOf,
  memoryPart,
  numberOf,
  pairsOf,
  type ReadCounter,
  type StatsObject,
  throttlingOf,
  withoutEmpty,
} from "./stats_text.ts";

/** One tick of cpuacct.stat (USER_HZ is 100 everywhere). */
const TICK_NS = 10_000_000n;

function cpu(read: ReadCounter): StatsObject {
  const stat = pairsOf(read("cpuacct", "cpuacct.stat"));
  const all = (read("cpuacct", "cpuacct.usage_all") ?? "").split("\n").slice(1).map((line) =>
    line.split(" ")
  );
  return {
    usage: {
      total: numberOf(read("cpuacct", "cpuacct.usage")),
      ...withoutEmpty({
        percpu: (read("cpuacct", "cpuacct.usage_percpu") ?? "").split(" ").filter(Boolean).map(numberOf),
        percpu_kernel: all.map(([, , system]) => numberOf(system)),
        percpu_user: all.map(([, user]) => numberOf(user)),
      }),
      kernel: (stat.system ?? 0n) * TICK_NS,
      user: (stat.user ?? 0n) * TICK_NS,
    },
    throttling: throttlingOf(pairsOf(read("cpu", "cpu.stat"))),
  };
}

/** Files of numbers, which have their names in the JSON, too. */
const CPUSET_NUMBERS: readonly string[] = [
  "mem_hardwall",
  "mem_exclusive",
  "memory_migrate",
  "memory_spread_page",
  "memory_spread_slab",
  "memory_pressure",
  "sched_load_balance",
  "sched_relax_domain_level",
];

function cpuset(read: ReadCounter): StatsObject {
  const number = (file: string): bigint => numberOf(read("cpuset", `cpuset.${file}`));
  return {
    ...withoutEmpty({ cpus: listOf(read("cpuset", "cpuset.cpus")) }),
    cpu_exclusive: number("cpu_exclusive"),
    ...withoutEmpty({ mems: listOf(read("cpuset", "cpuset.mems")) }),
    ...Object.fromEntries(CPUSET_NUMBERS.map((file) => [file, number(file)])),
  };
}

function memory(read: ReadCounter): StatsObject {
  const raw = pairsOf(read("memory", "memory.stat"));
  const part = (name: string): StatsObject => {
    const get = (file: string): bigint => numberOf(read("memory", `memory.${name}${file}`));
    return memoryPart(
      get("limit_in_bytes"),
      get("usage_in_bytes"),
      get("max_usage_in_bytes"),
      get("failcnt"),
    );
  };
  return {
    ...withoutEmpty({ cache: raw.cache }),
    ...{ usage: part(""), swap: part("memsw."), kernel: part("kmem."), kernelTCP: part("kmem.tcp.") },
    raw,
  };
}

/** Lines of "8:0 Read 4096"; totals have no device. */
function operations(text: string | undefined): StatsObject[] {
  return (text ?? "").split("\n").flatMap((line): StatsObject[] => {
    const found = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line);
    if (found === null) return [];
    const [, major, minor, op, value] = found;
    return [withoutEmpty({ major: numberOf(major), minor: numberOf(minor), op, value: numberOf(value) })];
  });
}

function blkio(read: ReadCounter): StatsObject {
  const get = (name: string): StatsObject[] => {
    const bfq = operations(read("blkio", `blkio.bfq.${name}_recursive`));
    return bfq.length > 0 ? bfq : operations(read("blkio", `blkio.throttle.${name}_recursive`));
  };
  return withoutEmpty({
    ioServiceBytesRecursive: get("io_service_bytes"),
    ioServicedRecursive: get("io_serviced"),
  });
}

/** Sizes of huge pages, as files name them. */
export type PageSizes = readonly string[];

/** All of it. */
export function version1Stats(read: ReadCounter, sizes: PageSizes): StatsObject {
  const huge = (size: string, file: string): bigint => numberOf(read("hugetlb", `hugetlb.${size}.${file}`));
  return {
    ...{ cpu: cpu(read), cpuset: cpuset(read), memory: memory(read) },
    pids: {
      ...withoutEmpty({
        current: numberOf(read("pids", "pids.current")),
        limit: pidsLimit(read("pids", "pids.max")),
      }),
    },
    blkio: blkio(read),
    hugetlb: Object.fromEntries(
      sizes.map((size) => [
        size,
        {
          ...withoutEmpty({ usage: huge(size, "usage_in_bytes"), max: huge(size, "max_usage_in_bytes") }),
          failcnt: huge(size, "failcnt"),
        },
      ]),
    ),
    intel_rdt: {},
    network_interfaces: null,
  };
}

/** Most tasks; 0 for no limit. */
export function pidsLimit(text: string | undefined): bigint {
  return text === "max" ? 0n : numberOf(text);
}
