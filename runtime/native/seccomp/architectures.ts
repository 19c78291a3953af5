/** Architectures whose calls one machine takes. @module */
import { syscallTable, type TableArchitecture } from "../../abi/linux/syscall_table.ts";
import type { Architecture } from "../asm/machine.ts";

/** What a filter has to know of one. */
export interface CallArchitecture {
  /** As config.json has it. */
  readonly name: string;
  /** Which calls it has. */
  readonly table: TableArchitecture;
  /** AUDIT_ARCH_* (linux/audit.h). */
  readonly audit: number;
  /** Bits that all its numbers have. */
  readonly bits: number;
  /** Bytes of an argument. */
  readonly size: 4 | 8;
}

/** __X32_SYSCALL_BIT. */
export const X32_BIT = 0x40000000;
const AUDIT_X86_64 = 0xc000003e, AUDIT_I386 = 0x40000003, AUDIT_AARCH64 = 0xc00000b7;

/** By machine, its own one first. */
const OF: Readonly<Record<Architecture, readonly CallArchitecture[]>> = {
  x86_64: [
    { name: "SCMP_ARCH_X86_64", table: "x86_64", audit: AUDIT_X86_64, bits: 0, size: 8 },
    { name: "SCMP_ARCH_X86", table: "i386", audit: AUDIT_I386, bits: 0, size: 4 },
    { name: "SCMP_ARCH_X32", table: "x32", audit: AUDIT_X86_64, bits: X32_BIT, size: 4 },
  ],
  aarch64: [{ name: "SCMP_ARCH_AARCH64", table: "aarch64", audit: AUDIT_AARCH64, bits: 0, size: 8 }],
};

/**
 * Those of a filter: the machine's own, whether named or not, and what else is named. Nothing is made for other machines' ones: a kernel that
 * never has such a call does not ask, and to one that has it every architecture without rules is a reason to kill.
 */
export function architecturesOf(named: readonly string[], machine: Architecture): CallArchitecture[] {
  return OF[machine].filter(({ name }, i) => i === 0 || named.includes(name));
}

/** The numbers of a call by its name on an architecture; undefined if there is no such call. */
export function numberOf(name: string, { table, bits }: CallArchitecture): number | undefined {
  const number = syscallTable(table).get(name);
  return number === undefined ? undefined : number + bits;
}
