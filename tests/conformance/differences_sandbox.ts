/** Known differences of the userland kernel. @module */
import type { Differences } from "./differences.ts";

/** See differences.ts. */
export const SANDBOX_DIFFERENCES: readonly Differences[] = [
  {
    reason: "refused: programs of the userland kernel take turns, it has no real-time classes",
    cases: { scheduler: ["SCHED_DEADLINE"] },
  },
];
