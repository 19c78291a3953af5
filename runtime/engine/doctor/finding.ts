/** Making findings. @module */
import type { Finding, FindingState } from "./types.ts";

/** One about the native kernel. */
export const native = (about: string, state: FindingState, found: string, effect: string): Finding => ({
  ...{ about, kernel: "native", state, found, effect },
});

/** One about both. */
export const both = (about: string, state: FindingState, found: string, effect: string): Finding => ({
  ...{ about, kernel: "both", state, found, effect },
});
