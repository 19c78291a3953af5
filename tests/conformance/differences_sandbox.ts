/** Known differences of the userland kernel. @module */
import type { Differences } from "./differences.ts";

/** See differences.ts. */
export const SANDBOX_DIFFERENCES: readonly Differences[] = [
  {
    reason:
      "refused: no filesystem of the userland kernel can be mounted with other ids than it has (FS_ALLOW_IDMAP)",
    cases: { "mount options": ["idmap with mappings"] },
  },
  {
    reason:
      "the namespace is one of the host: the process that hosts the container joins it, the program has its own inside",
    cases: {
      namespaces: ["network: one to be joined", "ipc: one to be joined", "uts: one to be joined"],
    },
  },
  {
    reason:
      "the userland kernel has one processor, whichever the host gives; lists of them are kept and shown",
    cases: { resources: ["a CPU that there is not is an error"] },
  },
  {
    reason: "the userland kernel does not filter its calls",
    cases: {
      seccomp: [
        "SCMP_ACT_ERRNO is EPERM",
        "errnoRet",
        "SCMP_ACT_LOG",
        "unknown system calls are passed over",
        "arguments: one that does not match",
        "SCMP_ACT_KILL_PROCESS ends the program",
        "architectures and flags",
        "with noNewPrivileges and without",
        "a listener that is not there is an error",
      ],
    },
  },
];
