/** Capabilities that can be granted: a runtime that has not all of them cannot give them (config.md#linux-process: a warning, not an error). @module */
import { capabilityNumber } from "../../abi/linux/capability.ts";
import type { Capabilities, NamespaceSpec, Process } from "../../spec/types.ts";

/** The sets that a process can have only what its maker has of. */
const GRANTED = ["effective", "permitted", "inheritable", "ambient"] as const;

/** This process's permitted capabilities, as bits. */
function ownPermitted(): bigint {
  const line = /^CapPrm:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"));
  return BigInt(`0x${line?.[1] ?? "0"}`);
}

/** The process without capabilities beyond `permitted`, and their names. Those that no kernel has are left to others. */
export function withoutUngrantable(
  process: Process,
  permitted: bigint,
): { process: Process; names: string[] } {
  const { capabilities } = process;
  if (capabilities === undefined) return { process, names: [] };
  const can = (name: string): boolean => {
    const number = capabilityNumber(name);
    return number === undefined || (permitted >> BigInt(number) & 1n) === 1n;
  };
  const names = [...new Set(GRANTED.flatMap((set) => capabilities[set]).filter((name) => !can(name)))];
  if (names.length === 0) return { process, names };
  const own = Object.fromEntries(GRANTED.map((set) => [set, capabilities[set].filter(can)]));
  return { process: { ...process, capabilities: { ...capabilities, ...own } as Capabilities }, names };
}

/** The process with what can be granted. In a user namespace its root has all capabilities there are. */
export function grantable(
  process: Process,
  namespaces: readonly NamespaceSpec[],
  warn: (message: string) => void = () => {},
): Process {
  if (namespaces.some(({ type }) => type === "user")) return process;
  const { process: own, names } = withoutUngrantable(process, ownPermitted());
  if (names.length > 0) warn(`ignoring capabilities that this process cannot grant: ${names.join(", ")}`);
  return own;
}
