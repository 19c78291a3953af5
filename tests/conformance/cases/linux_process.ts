/** config.md#linux-process and the rest of config-linux.md: what needs a part of Linux that not every machine has. @module */
import type { Case, Json, Subject } from "../types.ts";

const APPLY =
  "runtime.md#create: If the runtime cannot apply a property as specified in the configuration, it MUST generate an error";
const VALID =
  "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered";

const refused = (name: string, config: Json, spec: string = VALID): Case => ({
  name,
  spec,
  config,
  fails: "create",
});

/** process.oomScoreAdj. */
export const oomScoreAdj: Subject = {
  subject: "oomScoreAdj",
  cases: [
    {
      name: "it is set",
      spec:
        "config.md#linux-process: If oomScoreAdj is set, the runtime MUST set oom_score_adj to the given value",
      config: { process: { oomScoreAdj: 321 } },
      expect: [["oomScoreAdj", "is", "321"]],
    },
    {
      name: "0 is set, too",
      spec:
        "config.md#linux-process: If oomScoreAdj is set, the runtime MUST set oom_score_adj to the given value",
      config: { process: { oomScoreAdj: 0 } },
      expect: [["oomScoreAdj", "is", "0"]],
    },
    {
      name: "without it nothing is changed",
      spec:
        "config.md#linux-process: If oomScoreAdj is not set, the runtime MUST NOT change the value of oom_score_adj",
      expect: [["oomScoreAdj", "is", "$host.oomScoreAdj"]],
    },
    refused("a value beyond bounds is an error", { process: { oomScoreAdj: 1001 } }),
  ],
};

const scheduled = (name: string, scheduler: Json, nice: number): Case => ({
  name,
  spec:
    "config.md#linux-process: scheduler (object, OPTIONAL) is an object describing the scheduler properties for the process",
  config: { process: { scheduler } },
  expect: [["nice", "is", nice]],
});

/** process.scheduler. */
export const scheduler: Subject = {
  subject: "scheduler",
  cases: [
    scheduled("SCHED_OTHER", { policy: "SCHED_OTHER", nice: 5 }, 5),
    scheduled("SCHED_BATCH", { policy: "SCHED_BATCH", nice: 3 }, 3),
    scheduled("SCHED_IDLE", { policy: "SCHED_IDLE" }, 0),
    {
      name: "SCHED_DEADLINE",
      spec:
        "config.md#linux-process: runtime (uint64, OPTIONAL) represents the amount of time in nanoseconds during which the " +
        "process is allowed to run in a given period",
      config: {
        process: {
          scheduler: { policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 30000000, period: 30000000 },
        },
      },
      expect: [["policy", "is", 6]],
    },
    {
      name: "flags",
      spec:
        "config.md#linux-process: flags (array of strings, OPTIONAL) is an array of strings representing scheduling flags",
      config: { process: { scheduler: { policy: "SCHED_BATCH", flags: ["SCHED_FLAG_RESET_ON_FORK"] } } },
      expect: [["policy", "is", 3]],
    },
    refused("an unknown policy is an error", { process: { scheduler: { policy: "SCHED_NONSENSE" } } }),
    refused("an unknown flag is an error", {
      process: { scheduler: { policy: "SCHED_OTHER", flags: ["SCHED_FLAG_NONSENSE"] } },
    }),
    refused("a scheduler without policy is an error", { process: { scheduler: { nice: 1 } } }),
    refused("a priority that the policy has not is an error", {
      process: { scheduler: { policy: "SCHED_OTHER", priority: 50 } },
    }, APPLY),
  ],
};

/** process.ioPriority. */
export const ioPriority: Subject = {
  subject: "ioPriority",
  cases: [
    {
      name: "IOPRIO_CLASS_BE",
      spec:
        "config.md#linux-process: ioPriority (object, OPTIONAL) configures the I/O priority settings for the container's processes",
      config: { process: { ioPriority: { class: "IOPRIO_CLASS_BE", priority: 4 } } },
      expect: [["pid", "is", 1]],
    },
    refused("an unknown class is an error", {
      process: { ioPriority: { class: "IOPRIO_CLASS_NONSENSE", priority: 4 } },
    }),
    refused("a priority beyond bounds is an error", {
      process: { ioPriority: { class: "IOPRIO_CLASS_BE", priority: 8 } },
    }),
  ],
};

/** process.execCPUAffinity. */
export const execCPUAffinity: Subject = {
  subject: "execCPUAffinity",
  cases: [
    {
      name: "the init is as without it",
      spec: "config.md#linux-process: This setting is not applicable to the container's init process",
      config: { process: { execCPUAffinity: { initial: "0", final: "0" } } },
      expect: [["pid", "is", 1]],
    },
    refused("a list that is none is an error", { process: { execCPUAffinity: { initial: "all" } } }),
  ],
};

/** process.apparmorProfile. */
export const apparmorProfile: Subject = {
  subject: "apparmorProfile",
  cases: [
    {
      name: "a profile that there is not is an error",
      spec: APPLY,
      config: { process: { apparmorProfile: "no-such-profile" } },
      fails: "create",
    },
    {
      name: "unconfined",
      spec:
        "config.md#linux-process: apparmorProfile (string, OPTIONAL) specifies the name of the AppArmor profile for the process",
      needs: ["apparmor"],
      config: { process: { apparmorProfile: "unconfined" } },
      expect: [["files./proc/self/attr/current", "matches", "^unconfined"]],
    },
  ],
};

/** process.selinuxLabel and linux.mountLabel. */
export const selinux: Subject = {
  subject: "selinux",
  cases: [
    refused("selinuxLabel where there is no SELinux is an error", {
      process: { selinuxLabel: "system_u:system_r:svirt_lxc_net_t:s0:c124,c675" },
    }, APPLY),
    refused("mountLabel where there is no SELinux is an error", {
      linux: { mountLabel: "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811" },
    }, APPLY),
  ],
};

/** linux.personality. */
export const personality: Subject = {
  subject: "personality",
  cases: [
    {
      name: "LINUX32",
      spec:
        "config-linux.md#personality: personality (object, OPTIONAL) sets the Linux execution personality",
      config: { linux: { personality: { domain: "LINUX32" } } },
      expect: [["personality", "is", "00000008"]],
    },
    {
      name: "LINUX",
      spec: "config-linux.md#personality: domain (string, REQUIRED) - the execution domain",
      config: { linux: { personality: { domain: "LINUX" } } },
      expect: [["personality", "is", "00000000"]],
    },
    refused("an unknown domain is an error", { linux: { personality: { domain: "NONSENSE" } } }),
    refused("flags are an error", {
      linux: { personality: { domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"] } },
    }, "config-linux.md#personality: Currently no flag values are supported"),
  ],
};

/** linux.intelRdt. */
export const intelRdt: Subject = {
  subject: "intelRdt",
  cases: [
    refused("a class where there is no resctrl is an error", {
      linux: { intelRdt: { closID: "guaranteed_group", l3CacheSchema: "L3:0=7f0;1=1f" } },
    }, APPLY),
    refused("monitoring and schemata where there is no resctrl are an error", {
      linux: { intelRdt: { enableMonitoring: true, schemata: ["L3:0=f"], memBwSchema: "MB:0=20" } },
    }, APPLY),
    refused("a class that is a path is an error", { linux: { intelRdt: { closID: "../out" } } }),
  ],
};

/** linux.memoryPolicy. */
export const memoryPolicy: Subject = {
  subject: "memoryPolicy",
  cases: [
    {
      name: "MPOL_BIND",
      spec:
        "config-linux.md#memory-policy: memoryPolicy (object, OPTIONAL) sets the NUMA memory policy for the container",
      needs: ["numa"],
      config: { linux: { memoryPolicy: { mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] } } },
      expect: [["pid", "is", 1]],
    },
    refused("an unknown mode is an error", { linux: { memoryPolicy: { mode: "MPOL_NONSENSE" } } }),
    refused("a node that there is not is an error", {
      linux: { memoryPolicy: { mode: "MPOL_BIND", nodes: "1000" } },
    }, APPLY),
  ],
};

/** linux.netDevices. */
export const netDevices: Subject = {
  subject: "netDevices",
  cases: [
    refused(
      "a device that there is not is an error",
      {
        linux: { netDevices: { nosuchdev0: { name: "eth0" } } },
      },
      "config-linux.md#network-devices: A set of network devices that MUST be made available in the container",
    ),
    refused("a name that is none is an error", { linux: { netDevices: { nosuchdev0: { name: "a/b" } } } }),
  ],
};
