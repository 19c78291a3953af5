/** Counters of cgroups version 2 in the form of `runc events --stats`. @module */
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
import { type PageSizes, pidsLimit } from "./stats_version1.ts";

/** Operations by the keys of io.stat. */
const BYTES = { rbytes: "Read", wbytes: "Write", dbytes: "Discard" } as const;
const TIMES = { rios: "Read", wios: "Write", dios: "Discard" } as const;

/** Lines of "8:0 rbytes=1 wbytes=2". */
function operations(text: string | undefined, names: Readonly<Record<string, string>>): StatsObject[] {
  return (text ?? "").split("\n").flatMap((line): StatsObject[] => {
    const [device = "", ...pairs] = line.split(" "), [major, minor] = device.split(":");
    return pairs.flatMap((pair): StatsObject[] => {
      const [key = "", value] = pair.split("=");
      if (!(key in names)) return [];
      return [
        withoutEmpty({
          ...{ major: numberOf(major), minor: numberOf(minor), op: names[key], value: numberOf(value) },
        }),
      ];
    });
  });
}

/** All of it. */
export function version2Stats(file: (name: string) => string | undefined, sizes: PageSizes): StatsObject {
  const read: ReadCounter = (_, name) => file(name);
  const cpu = pairsOf(read("", "cpu.stat")), raw = pairsOf(read("", "memory.stat"));
  const get = (name: string): bigint => numberOf(read("", name));
  const usage = get("memory.current"), limit = get("memory.max"), swap = get("memory.swap.max");
  const most = numberOf("max");
  const none = memoryPart(0n, 0n, 0n, 0n);
  return {
    cpu: {
      usage: {
        total: (cpu.usage_usec ?? 0n) * 1000n,
        kernel: (cpu.system_usec ?? 0n) * 1000n,
        user: (cpu.user_usec ?? 0n) * 1000n,
      },
      throttling: throttlingOf(cpu),
    },
    cpuset: {
      ...withoutEmpty({ cpus: listOf(read("", "cpuset.cpus")) }),
      ...withoutEmpty({ mems: listOf(read("", "cpuset.mems")) }),
    },
    memory: {
      ...withoutEmpty({ cache: raw.file }),
      usage: memoryPart(limit, usage, get("memory.peak"), pairsOf(read("", "memory.events")).max ?? 0n),
      // Memory and swap together, as version 1 counts them.
      swap: memoryPart(
        limit === most || swap === most ? most : limit + swap,
        usage + get("memory.swap.current"),
        0n,
        0n,
      ),
      ...{ kernel: none, kernelTCP: none, raw },
    },
    pids: withoutEmpty({ current: get("pids.current"), limit: pidsLimit(read("", "pids.max")) }),
    blkio: withoutEmpty({
      ioServiceBytesRecursive: operations(read("", "io.stat"), BYTES),
      ioServicedRecursive: operations(read("", "io.stat"), TIMES),
    }),
    hugetlb: Object.fromEntries(
      sizes.map((size) => [
        size,
        {
          ...withoutEmpty({ usage: get(`hugetlb.${size}.current`) }),
          failcnt: pairsOf(read("", `hugetlb.${size}.events`)).max ?? 0n,
        },
      ]),
    ),
    intel_rdt: {},
    network_interfaces: null,
  };
}
