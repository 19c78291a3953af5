/** config-linux.md#control-groups. Files are those of cgroup v2: with v1 the rules of the same names are other files. @module */
import type { Case, Json, Need, Subject } from "../types.ts";

const APPLY =
  "config-linux.md#control-groups: configure a container's cgroups via the resources field of the Linux configuration";
const VALID =
  "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered";
const NAMESPACES = ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type }));
const CGROUP = {
  destination: "/sys/fs/cgroup",
  type: "cgroup",
  source: "cgroup",
  options: ["ro", "nosuid", "noexec", "nodev"],
};

/** A resource, and what is in files of the container's own cgroup. */
const applied = (
  name: string,
  resources: Json,
  files: Readonly<Record<string, string>>,
  ...needs: readonly Need[]
): Case => ({
  name,
  spec: `${APPLY}: ${name}`,
  config: { linux: { namespaces: NAMESPACES, resources } },
  add: { mounts: [CGROUP] },
  needs: ["cgroup2", ...needs],
  probe: Object.keys(files).map((file) => `read=/sys/fs/cgroup/${file}`),
  // Names of these files have dots: the text of the whole is searched.
  expect: [["asked.read", "files", files]],
});

const accepted = (name: string, resources: Json): Case => ({
  ...{ name, spec: `${APPLY}: ${name}`, config: { linux: { resources } }, expect: [["pid", "is", 1]] },
});

const refused = (name: string, spec: string, resources: Json): Case => ({
  ...{ name, spec, config: { linux: { resources } }, fails: "create" },
});

const APPLY_OR_ERROR =
  "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error";

/** What only the first version of control groups can do, or a controller that is not there. */
const V1_ONLY: readonly (readonly [name: string, resources: Json])[] = [
  ["memory.kernel", { memory: { kernel: 104857600 } }],
  ["memory.kernelTCP", { memory: { kernelTCP: 104857600 } }],
  ["memory.swappiness", { memory: { swappiness: 10 } }],
  ["memory.disableOOMKiller", { memory: { disableOOMKiller: true } }],
  ["cpu.realtimeRuntime", { cpu: { realtimeRuntime: 950000, realtimePeriod: 1000000 } }],
  ["network.classID", { network: { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] } }],
  ["memory.useHierarchy false", { memory: { useHierarchy: false } }],
  ["blockIO of a device that there is not", {
    blockIO: { throttleReadBpsDevice: [{ major: 511, minor: 1048575, rate: 1000 }] },
  }],
  ["rdma of a device that there is not", { rdma: { nosuchdev: { hcaHandles: 1, hcaObjects: 2 } } }],
  ["blockIO.leafWeight", {
    blockIO: { leafWeight: 100, weightDevice: [{ major: 8, minor: 0, weight: 500, leafWeight: 300 }] },
  }],
];

/** linux.resources. */
export const resources: Subject = {
  subject: "resources",
  cases: [
    applied("memory.limit", { memory: { limit: 104857600 } }, { "memory.max": "104857600\n" }),
    applied("memory.reservation", { memory: { reservation: 52428800 } }, { "memory.low": "52428800\n" }),
    applied("memory.limit -1", { memory: { limit: -1 } }, { "memory.max": "max\n" }),
    applied("memory.swap", { memory: { limit: 104857600, swap: 209715200 } }, {
      "memory.swap.max": "104857600\n",
    }),
    applied("pids.limit", { pids: { limit: 20 } }, { "pids.max": "20\n" }),
    applied("pids.limit -1", { pids: { limit: -1 } }, { "pids.max": "max\n" }),
    applied("cpu.quota and period", { cpu: { quota: 50000, period: 100000 } }, {
      "cpu.max": "50000 100000\n",
    }),
    applied("cpu.shares", { cpu: { shares: 1024 } }, { "cpu.weight": "39\n" }),
    applied("cpu.idle", { cpu: { idle: 1 } }, { "cpu.idle": "1\n" }),
    applied("cpu.burst", { cpu: { quota: 50000, period: 100000, burst: 10000 } }, {
      "cpu.max.burst": "10000\n",
    }),
    applied("cpu.cpus", { cpu: { cpus: "0" } }, { "cpuset.cpus": "0\n" }, "cpuset"),
    applied("cpu.mems", { cpu: { mems: "0" } }, { "cpuset.mems": "0\n" }, "cpuset"),
    applied("blockIO.weight", { blockIO: { weight: 100 } }, { "io.weight": "default 910\n" }, "ioWeight"),
    applied("unified", { unified: { "pids.max": "33", "memory.high": "4194304" } }, {
      ...{ "pids.max": "33\n", "memory.high": "4194304\n" },
    }),
    applied(
      "blockIO.throttle…Device",
      {
        blockIO: {
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1000 }],
          throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 2000 }],
          throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3000 }],
          throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 4000 }],
        },
      },
      { "io.max": "8:0 rbps=1000 wbps=2000 riops=3000 wiops=4000\n" },
      "sda",
    ),
    applied(
      "blockIO.weightDevice",
      { blockIO: { weightDevice: [{ major: 8, minor: 0, weight: 500 }] } },
      {
        "io.weight": "default 100\n8:0 4950\n",
      },
      "ioWeight",
      "sda",
    ),
    applied("memory.checkBeforeUpdate", { memory: { limit: 104857600, checkBeforeUpdate: true } }, {
      "memory.max": "104857600\n",
    }),
    ...V1_ONLY.map(([name, resources]) => ({
      ...refused(`${name} is an error with cgroup v2`, APPLY_OR_ERROR, resources),
      needs: ["cgroup2"] as const,
    })),
    accepted("pids.limit is taken", { pids: { limit: 20 } }),
    accepted("memory.limit is taken", { memory: { limit: 104857600 } }),
    accepted("cpu.shares is taken", { cpu: { shares: 512 } }),
    accepted("cpu.quota is taken", { cpu: { quota: 50000, period: 100000 } }),
    accepted("cpu.cpus is taken", { cpu: { cpus: "0" } }),
    {
      name: "pids.limit bites",
      spec:
        "config-linux.md#pids: limit (int64, REQUIRED) - specifies the maximum number of tasks in the cgroup",
      config: { linux: { resources: { pids: { limit: 1 } } } },
      expect: [["pid", "is", 1]],
    },
    {
      name: "devices: what is not allowed cannot be opened",
      spec:
        "config-linux.md#allowed-device-list: devices (array of objects, OPTIONAL) configures the allowed device list",
      config: {
        linux: {
          resources: {
            devices: [{ allow: false, access: "rwm" }, {
              allow: true,
              type: "c",
              major: 1,
              minor: 5,
              access: "r",
            }],
          },
        },
      },
      add: {
        "linux.devices": [{
          path: "/dev/kmsg",
          type: "c",
          major: 1,
          minor: 11,
          fileMode: 438,
          uid: 0,
          gid: 0,
        }],
      },
      probe: ["take=/dev/kmsg", "take=/dev/zero"],
      expect: [["asked.take./dev/kmsg", "is", { error: "EPERM" }], [
        "asked.take./dev/zero",
        "is",
        "0000000000000000",
      ]],
    },
    {
      name: "devices: entries in the listed order",
      spec: "config-linux.md#allowed-device-list: The runtime MUST apply entries in the listed order",
      config: {
        linux: {
          resources: {
            devices: [
              { allow: false, access: "rwm" },
              { allow: true, type: "c", major: 10, minor: 235, access: "rwm" },
              { allow: false, type: "c", major: 10, minor: 235, access: "rwm" },
            ],
          },
        },
      },
      add: {
        "linux.devices": [{
          path: "/dev/x",
          type: "c",
          major: 10,
          minor: 235,
          fileMode: 438,
          uid: 0,
          gid: 0,
        }],
      },
      probe: ["open=/dev/x"],
      expect: [["asked.open./dev/x", "is", { error: "EPERM" }]],
    },
    refused("swap below limit is an error", VALID, { memory: { limit: 209715200, swap: 104857600 } }),
    refused("a CPU that there is not is an error", VALID, { cpu: { cpus: "4095" } }),
    refused("CPUs that are none are an error", VALID, { cpu: { cpus: "one" } }),
    refused("a period beyond bounds is an error", VALID, { cpu: { quota: 1000, period: 10 } }),
    refused("a page size that there is not is an error", VALID, {
      hugepageLimits: [{ pageSize: "3MB", limit: 0 }],
    }),
    refused("a file that there is not is an error", VALID, { unified: { "no.such.file": "1" } }),
    refused(
      "a unified key with a slash is an error",
      "config-linux.md#unified: the key is a file in the cgroup's directory",
      { unified: { "../cgroup.procs": "1" } },
    ),
  ],
};

/** linux.cgroupsPath. */
export const cgroupsPath: Subject = {
  subject: "cgroupsPath",
  cases: [
    {
      name: "an absolute path",
      spec:
        "config-linux.md#cgroups-path: the runtime MUST take the path to be relative to the cgroups mount point",
      config: { linux: { cgroupsPath: "/${id}-group/inner" } },
      expect: [["cgroup", "matches", "/[a-z0-9-]+-group/inner"]],
    },
    {
      name: "a cgroup namespace begins there",
      spec: "config-linux.md#namespaces: the container will have an isolated view of the cgroup hierarchy",
      config: { linux: { namespaces: NAMESPACES, cgroupsPath: "/${id}-group/inner" } },
      expect: [["cgroup", "matches", ":/$"], ["cgroup", "lacks", "inner"]],
    },
    {
      name: "a path out of the hierarchy stays in it",
      spec: "config-linux.md#cgroups-path: Runtimes MAY consider certain cgroupsPath values to be invalid",
      config: { linux: { cgroupsPath: "/../../${id}-group" } },
      mayFail: true,
      expect: [["cgroup", "matches", "/[a-z0-9-]+-group"]],
    },
  ],
};
