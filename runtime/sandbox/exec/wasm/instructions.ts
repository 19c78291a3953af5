/**
 * How long each instruction is: its immediates, by opcode. Core specification, "Binary Format", Instructions; with the legacy
 * exception instructions, threads, relaxed SIMD, wide arithmetic, tail calls, function references and garbage collection.
 * @module
 */
import { WasmFormatError, type WasmReader } from "./reader.ts";

/** Opcodes that rewriters look for. */
export const OP = {
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  TRY: 0x06,
  RETHROW: 0x09,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  BR_TABLE: 0x0e,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  CALL_REF: 0x14,
  RETURN_CALL_REF: 0x15,
  DELEGATE: 0x18,
  TRY_TABLE: 0x1f,
  BR_ON_NULL: 0xd5,
  BR_ON_NON_NULL: 0xd6,
  PREFIX_GC: 0xfb,
  PREFIX_MISC: 0xfc,
  PREFIX_SIMD: 0xfd,
  PREFIX_THREADS: 0xfe,
} as const;

const NONE = 0,
  LEB = 1,
  LEBS = 2,
  MEMARG = 3,
  TYPE = 4,
  BR_TABLE = 5,
  BYTES4 = 6,
  BYTES8 = 7,
  TYPES = 8,
  TRY_TABLE = 9;
const HEAP_TYPE = 10, PREFIX = 11, UNKNOWN = 12;

/** What follows each one-byte opcode. */
const IMMEDIATES = new Uint8Array(256).fill(UNKNOWN);
const set = (kind: number, ...ranges: readonly (readonly [number, number])[]): void => {
  for (const [from, to] of ranges) IMMEDIATES.fill(kind, from, to + 1);
};
set(NONE, [0x00, 0x01], [0x05, 0x05], [0x0a, 0x0b], [0x0f, 0x0f], [0x19, 0x1b], [0x45, 0xc4]);
set(NONE, [0xd1, 0xd1], [0xd3, 0xd4]);
set(TYPE, [0x02, 0x04], [0x06, 0x06]);
set(LEB, [0x07, 0x09], [0x0c, 0x0d], [0x10, 0x10], [0x12, 0x12], [0x14, 0x15], [0x18, 0x18], [0x20, 0x26]);
set(LEB, [0x3f, 0x42], [0xd2, 0xd2], [0xd5, 0xd6]);
set(LEBS, [0x11, 0x11], [0x13, 0x13]);
set(MEMARG, [0x28, 0x3e]);
set(BR_TABLE, [0x0e, 0x0e]);
set(BYTES4, [0x43, 0x43]);
set(BYTES8, [0x44, 0x44]);
set(TYPES, [0x1c, 0x1c]);
set(TRY_TABLE, [0x1f, 0x1f]);
set(HEAP_TYPE, [0xd0, 0xd0]);
set(PREFIX, [0xfb, 0xfe]);

const MEMORY_INDEX = 0x40;

function skipMemarg(r: WasmReader): void {
  const flags = r.leb();
  if ((flags & MEMORY_INDEX) !== 0) r.skipLeb();
  r.skipLeb();
}

/** Passes one clause of a try_table. */
export function skipCatch(r: WasmReader): void {
  if (r.u8() < 2) r.skipLeb(); // catch, catch_ref: the tag
  r.skipLeb();
}

const unknown = (prefix: string, op: number): never => {
  throw new WasmFormatError(`unknown instruction ${prefix}${op.toString(16)}`);
};

function skipGc(r: WasmReader, op: number): void {
  switch (op) {
    case 2: // struct.get, get_s, get_u, set: type and field
    case 3:
    case 4:
    case 5:
    case 8: // array.new_fixed, new_data, new_elem
    case 9:
    case 10:
    case 17: // array.copy, init_data, init_elem
    case 18:
    case 19:
      r.skipLeb();
      return r.skipLeb();
    case 20: // ref.test, ref.cast
    case 21:
    case 22:
    case 23:
      return r.skipHeapType();
    case 24: // br_on_cast, br_on_cast_fail
    case 25:
      r.skip(1);
      r.skipLeb();
      r.skipHeapType();
      return r.skipHeapType();
    case 15: // array.len, conversions, i31
    case 26:
    case 27:
    case 28:
    case 29:
    case 30:
      return;
  }
  if (op > 16) unknown("fb ", op);
  r.skipLeb(); // struct.new, array.get and so on: the type
}

function skipMisc(r: WasmReader, op: number): void {
  switch (op) {
    case 8: // memory.init
    case 10: // memory.copy
    case 12: // table.init
    case 14: // table.copy
      r.skipLeb();
      return r.skipLeb();
    case 9: // data.drop
    case 11: // memory.fill
    case 13: // elem.drop
    case 15: // table.grow
    case 16: // table.size
    case 17: // table.fill
      return r.skipLeb();
  }
  if (op > 22 || op === 18) unknown("fc ", op);
}

function skipSimd(r: WasmReader, op: number): void {
  if (op <= 11 || op === 92 || op === 93) return skipMemarg(r); // loads and stores
  if (op === 12 || op === 13) return r.skip(16); // v128.const, i8x16.shuffle
  if (op >= 21 && op <= 34) return r.skip(1); // lanes
  if (op >= 84 && op <= 91) { // loads and stores of lanes
    skipMemarg(r);
    return r.skip(1);
  }
  if (op > 0x113) unknown("fd ", op);
}

function skipThreads(r: WasmReader, op: number): void {
  if (op === 3) return r.skip(1); // atomic.fence
  if (op <= 2 || (op >= 0x10 && op <= 0x4e)) return skipMemarg(r);
  unknown("fe ", op);
}

/** The second number of the last prefixed instruction that `skipImmediates` passed. */
export let lastPrefixed = 0;

/** Passes what follows the opcode `op`, which has been read. */
export function skipImmediates(r: WasmReader, op: number): void {
  switch (IMMEDIATES[op]) {
    case NONE:
      return;
    case LEB:
      return r.skipLeb();
    case LEBS:
      r.skipLeb();
      return r.skipLeb();
    case MEMARG:
      return skipMemarg(r);
    case TYPE:
      return r.skipType();
    case HEAP_TYPE:
      return r.skipHeapType();
    case BYTES4:
      return r.skip(4);
    case BYTES8:
      return r.skip(8);
    case BR_TABLE:
      for (let count = r.leb() + 1; count > 0; count--) r.skipLeb();
      return;
    case TYPES:
      for (let count = r.leb(); count > 0; count--) r.skipType();
      return;
    case TRY_TABLE:
      r.skipType();
      for (let count = r.leb(); count > 0; count--) skipCatch(r);
      return;
    case PREFIX: {
      const second = lastPrefixed = r.leb();
      if (op === OP.PREFIX_GC) return skipGc(r, second);
      if (op === OP.PREFIX_MISC) return skipMisc(r, second);
      if (op === OP.PREFIX_SIMD) return skipSimd(r, second);
      return skipThreads(r, second);
    }
  }
  unknown("", op);
}
