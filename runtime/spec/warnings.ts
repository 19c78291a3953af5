/** What a specification asks for that no kernel interface has, and that is to be logged, not refused (runtime.md#warnings). @module */
import { capabilityNumber } from "../abi/linux/capability.ts";
import type { Capabilities, Process } from "./process_types.ts";

/** Sentences about capabilities that do not exist (config.md#linux-process). */
export function capabilityWarnings(process: Process | undefined): string[] {
  const sets = Object.entries(process?.capabilities ?? {}) as [keyof Capabilities, readonly string[]][];
  const unknown = new Set(
    sets.flatMap(([, names]) => names).filter((name) => capabilityNumber(name) === undefined),
  );
  return unknown.size === 0
    ? []
    : [`ignoring unknown or unavailable capabilities: ${
      [...unknown].map((name) => JSON.stringify(name)).join(", ")
    }`];
}
