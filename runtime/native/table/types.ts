/** Steps of the native kernel: those of a SyscallProgram, and what only a table can have. @module */
import type { SyscallNumberName } from "../../abi/linux/syscall_numbers.ts";
import type { Arg, CallStep, FailStep, JumpStep, LabelStep, Ref } from "../../program/types.ts";
import type { OP } from "./record.ts";

/** The address of bytes that are made for this argument. */
export interface Bytes {
  /** What they are at first. A name given twice is one place. */
  readonly bytes: Uint8Array;
  /** Name of the place, where other steps mean it, too. */
  readonly name?: string;
}

/** The address of a named place; it is made by the step that has its bytes, wherever that is. */
export interface Place {
  /** The name. */
  readonly place: string;
  /** Bytes from its beginning. */
  readonly plus?: number;
}

/** The address of a slot. */
export interface SlotAddress {
  /** Its number. */
  readonly slot: number;
}

/** Paths of strings, structures and addresses that a structure has. */
export interface Pointers {
  /** The structure's bytes. */
  readonly struct: Uint8Array;
  /** Addresses in it: where, and of what. */
  readonly pointers: readonly (readonly [at: number, to: Bytes | Place])[];
  /** Name of the place, where other steps mean it, too. */
  readonly name?: string;
}

/** An argument. */
export type NativeArg = Arg | bigint | Bytes | Place | SlotAddress | Pointers;

/** A system call that programs do not have, or with arguments that they cannot have. */
export interface NativeCall extends Omit<CallStep, "call" | "args"> {
  /** Which. */
  readonly native: SyscallNumberName;
  /** Its arguments as the kernel takes them. */
  readonly args: readonly NativeArg[];
}

/** A step of the table itself. */
export interface OpStep {
  /** What it does. */
  readonly op: Exclude<keyof typeof OP, "SYS" | "JMP">;
  /** Its arguments; of JEQ and JLT the first two. */
  readonly args: readonly NativeArg[];
  /** Name of the result. */
  readonly result?: string;
  /** Of JEQ and JLT: where to. */
  readonly target?: string;
  /** Of LD and ST: bytes. */
  readonly width?: 1 | 4 | 8;
}

/** Any step that can be in a table. */
export type NativeStep = CallStep | LabelStep | JumpStep | FailStep | NativeCall | OpStep;

/** A reference to a result. */
export const ref = (name: string): Ref => ({ ref: name });
