/** What a specification asks for that no kernel interface has, and that is to be logged, not refused (runtime.md#warnings). @module */
import { capabilityNumber } from "../abi/linux/capability.ts";
import type { Capabilities, Process } from "./process_types.ts";

/** What no process can have: an ambient capability that is not permitted and inheritable, too (man 7 capabilities). In the words of runc. */
function ambientWarnings({ ambient, permitted, inheritable }: Capabilities): string[] {
  const names = ambient.filter((name) =>
    capabilityNumber(name) !== undefined && !(permitted.includes(name) && inheritable.includes(name))
  );
  return names.length === 0 ? [] : [
    `can't raise ambient capability ${
      names.join(", ")
    }: operation not permitted: not permitted and inheritable`,
  ];
}

/** Sentences about capabilities that do not exist, or cannot be had (config.md#linux-process). */
export function capabilityWarnings(process: Process | undefined): string[] {
  const { capabilities } = process ?? {};
  const sets = Object.entries(capabilities ?? {}) as [keyof Capabilities, readonly string[]][];
  const unknown = new Set(
    sets.flatMap(([, names]) => names).filter((name) => capabilityNumber(name) === undefined),
  );
  return [
    ...unknown.size === 0 ? [] : [
      `ignoring unknown or unavailable capabilities: ${
        [...unknown].map((name) => JSON.stringify(name)).join(", ")
      }`,
    ],
    ...capabilities === undefined ? [] : ambientWarnings(capabilities),
  ];
}
