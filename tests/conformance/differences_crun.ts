/** Known differences of Debian 12's crun 1.8.1, which implements version 1.0.0 of the specification and some of later ones. @module */
import type { Differences } from "./differences.ts";

/** The version that the reasons are about. */
export const CRUN_VERSION = "1.8.1";

/** See differences.ts. */
export const CRUN_DIFFERENCES: readonly Differences[] = [
  {
    reason: "it looks for the weights of one disk in its own working directory",
    cases: { resources: ["blockIO.weightDevice"] },
  },
  {
    reason: "1.8.1 is older than this part of the specification and ignores it",
    cases: {
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
      netDevices: ["a device that there is not is an error", "a name that is none is an error"],
      memoryPolicy: ["an unknown mode is an error", "a node that there is not is an error"],
      resources: ["cpu.burst"],
    },
  },
  {
    reason: "it does not check the value, and takes or ignores what the specification says is an error",
    cases: {
      process: ["a relative cwd is an error"],
      hooks: ["a timeout of 0 is an error"],
      annotations: ["an empty key is an error"],
      lifecycle: [
        "an id that is not valid is an error",
        "kill with a signal that there is not is an error",
      ],
      namespaces: ["user: mappings without the namespace are an error", "a type twice is an error"],
      timeOffsets: ["offsets without the namespace are an error"],
      devices: ["an unknown type is an error"],
      intelRdt: [
        "a class where there is no resctrl is an error",
        "monitoring and schemata where there is no resctrl are an error",
        "a class that is a path is an error",
      ],
      selinux: ["mountLabel where there is no SELinux is an error"],
      seccomp: [
        "an unknown flag is an error",
        "a rule without names is an error",
        "listenerMetadata without listenerPath is an error",
      ],
      rootfsPropagation: ["an unknown value is an error"],
      maskedPaths: ["a relative path is an error"],
      readonlyPaths: ["a relative path is an error"],
      personality: ["flags are an error"],
      resources: ["rdma of a device that there is not is an error with cgroup v2"],
    },
  },
  {
    reason: "of two options that contradict each other the one that sets a flag stays",
    cases: {
      "mount options": [
        "option dev",
        "option diratime",
        "option exec",
        "option nostrictatime",
        "option rw",
        "option suid",
      ],
    },
  },
  {
    reason: "it passes the option on to the filesystem, or to mount_setattr(2), which refuses it",
    cases: {
      "mount options": [
        "option iversion",
        "option loud",
        "option noiversion",
        "option nosymfollow",
        "option silent",
        "option symfollow",
        "option rnodiratime",
        "option rdiratime",
        "option rnoatime",
        "option ratime",
        "option rstrictatime",
        "option rnostrictatime",
      ],
    },
  },
  { reason: "it has no such option", cases: { "mount options": ["option rnosymfollow"] } },
  {
    reason: "propagation of a mount that is no bind is not set",
    cases: {
      "mount options": [
        "propagation shared",
        "propagation rshared",
        "propagation unbindable",
        "propagation runbindable",
      ],
    },
  },
  {
    reason: "only idmap is looked at, not ridmap",
    cases: { "mount options": ["ridmap without mappings and user namespace is an error"] },
  },
  {
    reason: "it fails without a process, at create already",
    cases: { process: ["a container can be created without process, but not started"] },
  },
  {
    reason: "hooks of create are told that the container is created",
    cases: { hooks: ["prestart gets the state", "createRuntime gets the state"] },
  },
  {
    reason: "poststop hooks do not run when create has failed",
    cases: { hooks: ["prestart that fails", "createRuntime that fails", "createContainer that fails"] },
  },
  {
    reason: "start does not fail with the hook",
    cases: {
      hooks: [
        "poststart that fails",
        "startContainer that fails",
        "env and timeout of hooks in the container's namespaces",
      ],
    },
  },
  {
    reason: "startContainer hooks are told a status of crun's own",
    cases: { hooks: ["startContainer runs in the container"] },
  },
  {
    reason: "delete ends a container that was never started",
    cases: { lifecycle: ["delete of a created container is an error"] },
  },
  {
    reason: "it fails when a time namespace is asked for",
    cases: { timeOffsets: ["time: a new one", "offsets"] },
  },
  {
    reason: "it leaves what is there as it is: a node, a file, another device",
    cases: {
      devices: ["a file that does not match is an error", "another device that does not match is an error"],
    },
  },
  {
    reason: "the remount that makes a path read-only drops the other options",
    cases: { readonlyPaths: ["a mount keeps its other options"] },
  },
];
