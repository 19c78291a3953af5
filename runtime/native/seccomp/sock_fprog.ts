/** A filter as seccomp(2) takes it. @module */
import type { Seccomp } from "../../spec/types.ts";
import type { Architecture } from "../asm/machine.ts";
import { struct } from "../table/structs.ts";
import type { Pointers } from "../table/types.ts";
import { encodeProgram } from "./bpf.ts";
import { generateFilter } from "./generate.ts";

/** struct sock_fprog (linux/filter.h): how many instructions, and where they are. */
export function filterProgram(filter: Seccomp, machine: Architecture): Pointers {
  const program = generateFilter(filter, machine);
  return {
    struct: struct(16, (view) => view.setUint16(0, program.length, true)),
    pointers: [[8, { bytes: encodeProgram(program) }]],
  };
}
