/** linux.resources as files of a cgroup version 2 (config-linux.md#control-groups): which file gets what. @module */
import type {
  BlockIoResources,
  CpuResources,
  MemoryResources,
  Resources,
  ThrottleDevice,
} from "../spec/types.ts";
import { refusal } from "../spec/refusal.ts";

/** What is written to a file. */
export interface CgroupWrite {
  /** Its name in the cgroup's directory. */
  readonly file: string;
  /** What is written. */
  readonly value: string;
  /** It is no error when there is no such file. */
  readonly optional?: boolean;
}

/** A number of tasks or bytes; below 0 is no limit. */
export const limitOf = (value: bigint): string => value < 0n ? "max" : String(value);

/** The swap that is left when version 1's limit of memory and swap together is split: undefined if nothing is to be written. */
function swapOf({ limit: memory = 0n, swap = 0n }: MemoryResources): string | undefined {
  if (swap === 0n) return memory < 0n ? "max" : undefined;
  if (swap < 0n) return "max";
  if (memory <= 0n) throw refusal("linux.resources.memory.swap", "a limit of swap needs a limit of memory");
  if (swap < memory) {
    throw refusal(
      "linux.resources.memory.swap",
      `${swap} is memory and swap together, less than the ${memory} of memory`,
    );
  }
  return String(swap - memory);
}

function memoryWrites(memory: MemoryResources): CgroupWrite[] {
  const out: CgroupWrite[] = [];
  const swap = swapOf(memory);
  if (swap !== undefined) out.push({ file: "memory.swap.max", value: swap, optional: swap === "max" });
  if (memory.limit !== undefined && memory.limit !== 0n) {
    out.push({ file: "memory.max", value: limitOf(memory.limit) });
  }
  if (memory.reservation !== undefined && memory.reservation !== 0n) {
    out.push({ file: "memory.low", value: limitOf(memory.reservation) });
  }
  return out;
}

/** cpu.weight (1 to 10000) for cpu.shares (2 to 262144), linearly, as runc and crun do. */
export function weightOfShares(shares: bigint): bigint {
  const bounded = shares < 2n ? 2n : shares > 262144n ? 262144n : shares;
  return 1n + (bounded - 2n) * 9999n / 262142n;
}

function cpuWrites(cpu: CpuResources): CgroupWrite[] {
  const out: CgroupWrite[] = [];
  if (cpu.idle !== undefined) out.push({ file: "cpu.idle", value: String(cpu.idle) });
  if (cpu.shares !== undefined && cpu.shares !== 0n) {
    out.push({ file: "cpu.weight", value: String(weightOfShares(cpu.shares)) });
  }
  const { quota = 0n, period = 0n, burst } = cpu;
  if (quota !== 0n || period !== 0n) {
    const most = quota > 0n ? String(quota) : "max";
    out.push({ file: "cpu.max", value: period === 0n ? most : `${most} ${period}` });
  }
  if (burst !== undefined) out.push({ file: "cpu.max.burst", value: String(burst) });
  if (cpu.cpus) out.push({ file: "cpuset.cpus", value: cpu.cpus });
  if (cpu.mems) out.push({ file: "cpuset.mems", value: cpu.mems });
  return out;
}

/** io.weight (1 to 10000) for blkio.weight (10 to 1000), linearly. */
const ioWeight = (weight: number): number => 1 + Math.floor((weight - 10) * 9999 / 990);

function ioWrites(io: BlockIoResources): CgroupWrite[] {
  const out: CgroupWrite[] = [];
  if (io.weight) out.push({ file: "io.weight", value: `default ${ioWeight(io.weight)}` });
  for (const { major, minor, weight } of io.weightDevice) {
    if (weight) out.push({ file: "io.weight", value: `${major}:${minor} ${ioWeight(weight)}` });
  }
  const rates: readonly (readonly [string, readonly ThrottleDevice[]])[] = [
    ["rbps", io.throttleReadBpsDevice],
    ["wbps", io.throttleWriteBpsDevice],
    ["riops", io.throttleReadIOPSDevice],
    ["wiops", io.throttleWriteIOPSDevice],
  ];
  for (const [key, devices] of rates) {
    for (const { major, minor, rate } of devices) {
      out.push({ file: "io.max", value: `${major}:${minor} ${key}=${rate === 0n ? "max" : rate}` });
    }
  }
  return out;
}

function rdmaWrites(rdma: Resources["rdma"]): CgroupWrite[] {
  return Object.entries(rdma).map(([device, { hcaHandles, hcaObjects }]) => ({
    file: "rdma.max",
    value: [
      device,
      ...hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`],
      ...hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`],
    ].join(" "),
  }));
}

/** What only version 1 can do, by its path; as crun does with version 2. */
function refuseVersion1({ memory = {}, cpu = {}, blockIO, network }: Resources): void {
  const asked: readonly (readonly [path: string, asked: boolean])[] = [
    ["memory.kernel", (memory.kernel ?? -1n) > 0n],
    ["memory.kernelTCP", (memory.kernelTCP ?? -1n) > 0n],
    ["memory.swappiness", memory.swappiness !== undefined],
    ["memory.disableOOMKiller", memory.disableOOMKiller === true],
    ["memory.useHierarchy", memory.useHierarchy === false],
    ["cpu.realtimeRuntime", (cpu.realtimeRuntime ?? 0n) !== 0n],
    ["cpu.realtimePeriod", (cpu.realtimePeriod ?? 0n) !== 0n],
    ["blockIO.leafWeight", (blockIO?.leafWeight ?? 0) !== 0],
    ["blockIO.weightDevice", blockIO?.weightDevice.some(({ leafWeight = 0 }) => leafWeight !== 0) ?? false],
    ["network.classID", (network?.classID ?? 0) !== 0],
    ["network.priorities", (network?.priorities ?? []).length > 0],
  ];
  for (const [path, is] of asked) {
    if (is) throw refusal(`linux.resources.${path}`, "cgroup version 2 has nothing like it");
  }
}

/** All of it, in the order in which it is written; `unified` last. Throws for what version 2 has no way to say. */
export function resourceWrites(resources: Resources): CgroupWrite[] {
  refuseVersion1(resources);
  const pids = resources.pids?.limit;
  return [
    ...resources.memory === undefined ? [] : memoryWrites(resources.memory),
    // "0 is a valid limit value … and SHOULD be treated as such" (config-linux.md#pids).
    ...pids === undefined ? [] : [{ file: "pids.max", value: limitOf(pids) }],
    ...resources.cpu === undefined ? [] : cpuWrites(resources.cpu),
    ...resources.blockIO === undefined ? [] : ioWrites(resources.blockIO),
    ...resources.hugepageLimits.flatMap(({ pageSize, limit: bytes }) => [
      { file: `hugetlb.${pageSize}.max`, value: String(bytes) },
      { file: `hugetlb.${pageSize}.rsvd.max`, value: String(bytes), optional: true },
    ]),
    ...rdmaWrites(resources.rdma),
    ...Object.entries(resources.unified).flatMap(([file, text]) =>
      text.split("\n").filter((line) => line !== "").map((value) => ({ file, value }))
    ),
  ];
}
