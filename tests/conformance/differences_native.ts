/** Known differences of containers on Linux itself (runtime/native). @module */
import type { Differences } from "./differences.ts";

/** See differences.ts: none. */
export const NATIVE_DIFFERENCES: readonly Differences[] = [];
