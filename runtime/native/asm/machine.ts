/** The machines that containers run on natively. @module */
import { Arm } from "./aarch64.ts";
import type { Code } from "./code.ts";
import { assembleArm } from "./interpreter_aarch64.ts";
import { assembleX86 } from "./interpreter_x86_64.ts";
import { X86 } from "./x86_64.ts";

/** Architectures, as uname(2) names them. */
export type Architecture = "x86_64" | "aarch64";

/** What is different between machines. */
export interface Machine {
  /** Its name. */
  readonly architecture: Architecture;
  /** e_machine of its ELF files. */
  readonly elfMachine: number;
  /** Assembles the interpreter. */
  assemble(): Code;
  /** Code at `from` that goes on at `start` with the addresses of a table and of its slots. */
  entry(from: number, start: number, table: number, slots: number): Uint8Array<ArrayBuffer>;
}

const X86_64: Machine = {
  architecture: "x86_64",
  elfMachine: 62,
  assemble: assembleX86,
  entry(from, start, table, slots) {
    const c = new X86();
    c.movImmediate("rdi", table);
    c.movImmediate("rsi", slots);
    c.jumpBy(start - from);
    return c.finish();
  },
};

const AARCH64: Machine = {
  architecture: "aarch64",
  elfMachine: 183,
  assemble: assembleArm,
  entry(from, start, table, slots) {
    const c = new Arm();
    for (const [register, value] of [[0, table], [1, slots]] as const) {
      c.movImmediate(register, value & 0xffff);
      c.movHigh(register, value >>> 16);
    }
    c.jumpBy(start - from);
    return c.finish();
  },
};

/** Machines by their names. */
export const MACHINES: Readonly<Record<Architecture, Machine>> = { x86_64: X86_64, aarch64: AARCH64 };
