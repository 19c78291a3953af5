/** Who asks for guests that can be interrupted while they compute. It costs speed, so only those who need it pay (docs/RATIONALE.md). @module */
import type { Spec } from "../../../spec/types.ts";

/** The annotation that asks for it, and with "false" says that it is not wanted after all. */
const INTERRUPTIBLE = "umiak.interruptible";

/**
 * What callers say of a container that belongs to a pod: others will join its namespaces and so share its thread, and must be served, and
 * killed, whatever it does (containerd's CRI plugin; CRI-O, whose annotations podman writes, too).
 */
const OF_A_POD: readonly string[] = ["io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"];

/** True if a container asks. A quota or a limit of CPU time means nothing for guests that cannot be interrupted. */
export function wantsInterruption({ annotations, linux, process }: Spec): boolean {
  const stated = Object.hasOwn(annotations, INTERRUPTIBLE) ? annotations[INTERRUPTIBLE] : undefined;
  return stated === "true" || (linux.resources?.cpu?.quota ?? 0n) > 0n ||
    (process?.rlimits.some(({ type }) => type === "RLIMIT_CPU") ?? false) ||
    (stated !== "false" && OF_A_POD.some((name) => Object.hasOwn(annotations, name)));
}
