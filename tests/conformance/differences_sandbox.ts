/** Known differences of the userland kernel. @module */
import type { Differences } from "./differences.ts";

/** See differences.ts. */
export const SANDBOX_DIFFERENCES: readonly Differences[] = [
  {
    reason: "refused: programs of the userland kernel take turns, it has no real-time classes",
    cases: { scheduler: ["SCHED_DEADLINE"] },
  },
  {
    reason:
      "the namespace is one of the host: the process that hosts the container joins it, the program has its own inside",
    cases: {
      namespaces: ["network: one to be joined", "ipc: one to be joined", "uts: one to be joined"],
    },
  },
];
