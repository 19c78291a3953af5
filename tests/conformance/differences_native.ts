/** Known differences of containers on Linux itself (runtime/native). @module */
import type { Differences } from "./differences.ts";

/** See differences.ts. */
export const NATIVE_DIFFERENCES: readonly Differences[] = [
  {
    reason: "refused: the native backend makes no control groups",
    cases: {
      lifecycle: ["pause and resume"],
      cgroupsPath: ["an absolute path", "a cgroup namespace begins there"],
      resources: [
        "pids.limit is taken",
        "memory.limit is taken",
        "cpu.shares is taken",
        "cpu.quota is taken",
        "cpu.cpus is taken",
        "pids.limit bites",
      ],
    },
  },
  {
    reason: "refused: the native backend has no seccomp filters",
    cases: {
      seccomp: [
        "SCMP_ACT_ALLOW",
        "SCMP_ACT_ERRNO is EPERM",
        "errnoRet",
        "defaultErrnoRet",
        "SCMP_ACT_LOG",
        "unknown system calls are passed over",
        "arguments: one that does not match",
        "arguments: one that matches",
        "SCMP_ACT_KILL_PROCESS ends the program",
        "architectures and flags",
        "with noNewPrivileges and without",
      ],
    },
  },
];
