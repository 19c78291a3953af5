/** linux.resources as files of cgroups version 1 (config-linux.md#control-groups), with the names and the order that runc has. @module */
import { limitOf } from "../../program/resources.ts";
import { refusal } from "../../spec/refusal.ts";
import type { BlockIoResources, CpuResources, MemoryResources, Resources } from "../../spec/types.ts";

/** What is written to a file of a controller's cgroup. */
export interface ControllerWrite {
  /** The controller; "" for version 2, where a directory has all. */
  readonly controller: string;
  /** Names of the file: the first that is there. */
  readonly files: readonly string[];
  /** What is written. */
  readonly value: string;
  /** Its place in config.json. */
  readonly property: string;
  /** It is no error when there is no such file. */
  readonly optional?: boolean;
  /** The kernel may accept it only after those that follow (a limit above the old limit of memory and swap): tried again, then. */
  readonly again?: boolean;
  /** The kernel moves a value into its bounds and says nothing: it is read back. */
  readonly bounded?: boolean;
}

const at = (path: string): string => `linux.resources.${path}`;

function memoryWrites(memory: MemoryResources): ControllerWrite[] {
  const { limit = 0n, reservation = 0n, kernelTCP = 0n, swappiness, disableOOMKiller, useHierarchy } = memory;
  // No limit of memory is none of memory and swap, which cannot be the lower one.
  const swap = memory.swap ?? (limit < 0n ? -1n : 0n);
  if (limit > 0n && swap > 0n && swap < limit) {
    throw refusal(
      at("memory.swap"),
      `${swap} is memory and swap together, less than the ${limit} of memory`,
    );
  }
  if (swappiness !== undefined && swappiness > 100) {
    throw refusal(at("memory.swappiness"), `${swappiness} is not one of 0 to 100`);
  }
  const write = (file: string, value: bigint | number, property: string, more = {}): ControllerWrite => ({
    ...{ controller: "memory", files: [file], value: String(value), property: at(`memory.${property}`) },
    ...more,
  });
  return [
    ...limit === 0n ? [] : [write("memory.limit_in_bytes", limit, "limit", { again: true })],
    ...swap === 0n ? [] : [
      write(
        "memory.memsw.limit_in_bytes",
        swap,
        "swap",
        memory.swap === undefined ? { optional: true } : {},
      ),
    ],
    ...reservation === 0n ? [] : [write("memory.soft_limit_in_bytes", reservation, "reservation")],
    ...kernelTCP <= 0n ? [] : [write("memory.kmem.tcp.limit_in_bytes", kernelTCP, "kernelTCP")],
    ...disableOOMKiller === true ? [write("memory.oom_control", 1, "disableOOMKiller")] : [],
    ...useHierarchy === undefined
      ? []
      : [write("memory.use_hierarchy", Number(useHierarchy), "useHierarchy")],
    ...swappiness === undefined ? [] : [write("memory.swappiness", swappiness, "swappiness")],
  ];
}

function cpuWrites(cpu: CpuResources): ControllerWrite[] {
  const { shares = 0n, period = 0n, quota = 0n, burst, idle, realtimePeriod = 0n, realtimeRuntime = 0n } =
    cpu;
  const write = (file: string, value: bigint | number, property: string, more = {}): ControllerWrite => ({
    ...{ controller: "cpu", files: [file], value: String(value), property: at(`cpu.${property}`) },
    ...more,
  });
  return [
    ...shares === 0n ? [] : [write("cpu.shares", shares, "shares", { bounded: true })],
    ...period === 0n ? [] : [write("cpu.cfs_period_us", period, "period", { again: true })],
    ...burst === undefined ? [] : [write("cpu.cfs_burst_us", burst, "burst", { again: true })],
    ...quota === 0n ? [] : [write("cpu.cfs_quota_us", quota, "quota")],
    ...idle === undefined ? [] : [write("cpu.idle", idle, "idle")],
    ...realtimePeriod === 0n
      ? []
      : [write("cpu.rt_period_us", realtimePeriod, "realtimePeriod", { again: true })],
    ...realtimeRuntime === 0n ? [] : [write("cpu.rt_runtime_us", realtimeRuntime, "realtimeRuntime")],
  ];
}

function cpusetWrites({ cpus, mems }: CpuResources): ControllerWrite[] {
  const write = (file: string, value: string, property: string): ControllerWrite => ({
    ...{ controller: "cpuset", files: [file], value, property: at(`cpu.${property}`) },
  });
  return [
    ...cpus ? [write("cpuset.cpus", cpus, "cpus")] : [],
    ...mems ? [write("cpuset.mems", mems, "mems")] : [],
  ];
}

function blkioWrites(io: BlockIoResources): ControllerWrite[] {
  const out: ControllerWrite[] = [];
  const write = (files: readonly string[], value: string, property: string): void => {
    out.push({ controller: "blkio", files, value, property: at(`blockIO.${property}`) });
  };
  if (io.weight) write(["blkio.weight", "blkio.bfq.weight"], String(io.weight), "weight");
  if (io.leafWeight) write(["blkio.leaf_weight"], String(io.leafWeight), "leafWeight");
  io.weightDevice.forEach(({ major, minor, weight, leafWeight }, i) => {
    const device = `${major}:${minor}`, of = `weightDevice[${i}]`;
    const files = ["blkio.weight_device", "blkio.bfq.weight_device"];
    if (weight) write(files, `${device} ${weight}`, `${of}.weight`);
    if (leafWeight) write(["blkio.leaf_weight_device"], `${device} ${leafWeight}`, `${of}.leafWeight`);
  });
  const rates = [
    ["read_bps", "throttleReadBpsDevice"],
    ["write_bps", "throttleWriteBpsDevice"],
    ["read_iops", "throttleReadIOPSDevice"],
    ["write_iops", "throttleWriteIOPSDevice"],
  ] as const;
  for (const [file, property] of rates) {
    io[property].forEach(({ major, minor, rate }, i) =>
      write([`blkio.throttle.${file}_device`], `${major}:${minor} ${rate}`, `${property}[${i}]`)
    );
  }
  return out;
}

function networkWrites({ classID, priorities }: NonNullable<Resources["network"]>): ControllerWrite[] {
  return [
    ...classID
      ? [{
        controller: "net_cls",
        files: ["net_cls.classid"],
        value: String(classID),
        property: at("network.classID"),
      }]
      : [],
    ...priorities.map(({ name, priority }, i) => ({
      ...{ controller: "net_prio", files: ["net_prio.ifpriomap"], value: `${name} ${priority}` },
      property: at(`network.priorities[${i}]`),
    })),
  ];
}

/** All but devices, in the order in which it is written. Throws for what version 1 has no way to say. */
export function version1Writes(resources: Resources): ControllerWrite[] {
  const { cpu, memory, pids, blockIO, network } = resources;
  if (Object.keys(resources.unified).length > 0) {
    throw refusal(at("unified"), "this host has its controllers in cgroups of version 1");
  }
  const limit = pids?.limit;
  return [
    ...cpu === undefined ? [] : cpusetWrites(cpu),
    ...memory === undefined ? [] : memoryWrites(memory),
    ...cpu === undefined ? [] : cpuWrites(cpu),
    ...limit === undefined
      ? []
      : [{ controller: "pids", files: ["pids.max"], value: limitOf(limit), property: at("pids.limit") }],
    ...blockIO === undefined ? [] : blkioWrites(blockIO),
    ...resources.hugepageLimits.flatMap(({ pageSize, limit: bytes }, i) => {
      const size = `hugetlb.${pageSize}`, property = at(`hugepageLimits[${i}]`), value = String(bytes);
      const controller = "hugetlb";
      return [
        { controller, files: [`${size}.limit_in_bytes`], value, property },
        { controller, files: [`${size}.rsvd.limit_in_bytes`], value, property, optional: true },
      ];
    }),
    ...network === undefined ? [] : networkWrites(network),
    ...Object.entries(resources.rdma).map(([device, { hcaHandles, hcaObjects }]) => ({
      ...{ controller: "rdma", files: ["rdma.max"], property: at(`rdma.${device}`) },
      value: [
        device,
        ...hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`],
        ...hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`],
      ].join(" "),
    })),
  ];
}
