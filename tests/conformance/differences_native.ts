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
];
