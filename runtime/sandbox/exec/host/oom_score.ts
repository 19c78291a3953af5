/** oom_score_adj is that of the container's process: it is the one that the kernel of the host would kill (config.md#linux-process). @module */
import type { Spec } from "../../../spec/types.ts";

/** Sets what the specification asks for on this process. */
export function setOomScore(spec: Spec): void {
  const score = spec.process?.oomScoreAdj;
  if (score === undefined || Deno.build.os !== "linux") return;
  if (Number(Deno.readTextFileSync("/proc/self/oom_score_adj")) === score) return;
  try {
    Deno.writeTextFileSync("/proc/self/oom_score_adj", String(score));
  } catch (error) {
    throw new Error(`setting oom_score_adj to ${score}: ${(error as Error).message}`, { cause: error });
  }
}
