/** Known differences of Debian 12's runc 1.1.5, which implements version 1.0.2 of the specification. @module */
import type { Differences } from "./differences.ts";

/** The version that the reasons are about. */
export const RUNC_VERSION = "1.1.5";

/** See differences.ts. */
export const RUNC_DIFFERENCES: readonly Differences[] = [
  {
    reason: "with cgroup v2 it gives weights of single disks to bfq only",
    cases: { resources: ["blockIO.weightDevice"] },
  },
  {
    reason: "1.1.5 is older than this part of the specification and ignores it",
    cases: {
      "mount options": [
        "idmap without mappings and user namespace is an error",
        "ridmap without mappings and user namespace is an error",
        "idmap with mappings",
        "uidMappings without gidMappings are an error",
      ],
      scheduler: [
        "SCHED_OTHER",
        "SCHED_BATCH",
        "SCHED_DEADLINE",
        "flags",
        "an unknown policy is an error",
        "an unknown flag is an error",
        "a scheduler without policy is an error",
        "a priority that the policy has not is an error",
      ],
      ioPriority: ["an unknown class is an error", "a priority beyond bounds is an error"],
      execCPUAffinity: ["a list that is none is an error"],
      domainname: ["domainname", "one that is too long is an error"],
      timeOffsets: ["time: a new one", "offsets", "offsets without the namespace are an error"],
      netDevices: ["a device that there is not is an error", "a name that is none is an error"],
      memoryPolicy: ["an unknown mode is an error", "a node that there is not is an error"],
      personality: ["LINUX32", "an unknown domain is an error", "flags are an error"],
      resources: ["cpu.idle", "cpu.burst"],
    },
  },
  {
    reason: "it leaves out what only cgroups of version 1 have",
    cases: {
      resources: [
        "memory.kernel is an error with cgroup v2",
        "memory.kernelTCP is an error with cgroup v2",
        "memory.swappiness is an error with cgroup v2",
        "memory.disableOOMKiller is an error with cgroup v2",
        "cpu.realtimeRuntime is an error with cgroup v2",
        "network.classID is an error with cgroup v2",
        "memory.useHierarchy false is an error with cgroup v2",
        "blockIO.leafWeight is an error with cgroup v2",
      ],
    },
  },
  {
    reason: "it does not check the value, and takes or ignores what the specification says is an error",
    cases: {
      ociVersion: ["a version that is not SemVer is an error", "without a version there is no container"],
      annotations: ["an empty key is an error"],
      hooks: ["a hook without path is an error"],
      namespaces: ["user: mappings without the namespace are an error"],
      seccomp: [
        "errnoRet of an action without one is an error",
        "a rule without names is an error",
      ],
      maskedPaths: ["a relative path is an error"],
      readonlyPaths: ["a relative path is an error"],
    },
  },
  {
    reason: "it wants a root filesystem whose path has no link in it",
    cases: { root: ["a path can be a link"] },
  },
  {
    reason: "it wants a process at create already",
    cases: { process: ["a container can be created without process, but not started"] },
  },
  {
    reason: "it passes the option on to the filesystem, or to mount_setattr(2), which refuses it",
    cases: { "mount options": ["option defaults", "option ratime", "option rnostrictatime"] },
  },
  {
    reason: "it runs poststart hooks at the end of create, while the container is still created",
    cases: {
      hooks: ["all of the runtime's, in order", "poststart gets the state", "poststart that fails"],
    },
  },
  {
    reason: "it does not run the hooks that follow one that failed",
    cases: { hooks: ["poststop that fails is a warning"] },
  },
  {
    reason: "start has returned by the time startContainer hooks run",
    cases: {
      hooks: ["startContainer that fails", "env and timeout of hooks in the container's namespaces"],
    },
  },
  {
    reason: "delete ends a container that was never started",
    cases: { lifecycle: ["delete of a created container is an error"] },
  },
  {
    reason: "it leaves what is there as it is: a node, a file, another device",
    cases: {
      devices: ["a file that does not match is an error", "another device that does not match is an error"],
    },
  },
  {
    reason:
      "a device that is listed is only allowed by the device list if that is listed, too, even a default one",
    cases: { devices: ["a default device with other attributes"] },
  },
  {
    reason: "a device without path is the root's own directory",
    cases: { devices: ["a device without path is an error"] },
  },
  { reason: "flags of seccomp(2) are not supported", cases: { seccomp: ["architectures and flags"] } },
  {
    reason: "the propagation is set before the root is a mount of its own, which then is private",
    cases: { rootfsPropagation: ["shared", "unbindable"] },
  },
];
