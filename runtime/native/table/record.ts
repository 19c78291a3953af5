/**
 * Records: what the interpreter goes through, one after the other. Each has 64 bytes:
 *
 *     0  u16     what to do (OP)
 *     2  u8      bit i: argument i is the number of a slot, and means what is in there; bit 6: AGAIN
 *     3  u8      an errno that counts as success; 0 for none
 *     4  u32     SYS: number of the system call. LD, ST: width, 1, 4 or 8
 *     8  u32     slot that gets the result
 *     12 u32     when the system call fails: record to go on with, IGNORE for the next one, FATAL
 *     16 u64[6]  arguments
 *
 * AGAIN makes a call that fails with EAGAIN once more, MOST_AGAIN times in a program; slot 1 counts them.
 * FATAL puts the record's number in slot 3 and goes on at record 1. Every failed call puts its errno in slot 2.
 * @module
 */

/** What a record does. */
export const OP = {
  /** Makes a system call with all six arguments. */
  SYS: 0,
  /** Goes on at record a. */
  JMP: 1,
  /** Goes on at record c if a is b. */
  JEQ: 2,
  /** Goes on at record c if a is less than b, as signed numbers. */
  JLT: 3,
  /** Result: a. */
  MOV: 4,
  /** Result: a + b. */
  ADD: 5,
  /** Result: the bits that are in a and in b. */
  AND: 6,
  /** Result: what is in memory at a + b. */
  LD: 7,
  /** Puts c into memory at a + b. */
  ST: 8,
  /** Ends the program with the result a: only for one that was called. */
  RET: 9,
} as const;

/** In the mask: the call is made again where the kernel wants that. */
export const AGAIN = 0x40;
/** So often in one program; a power of two. */
export const MOST_AGAIN = 4096;
/** Bytes of a record. */
export const RECORD_SIZE = 64;
/** Go on at record 1. */
export const FATAL = 0;
/** Go on with the next record. */
export const IGNORE = 0xffffffff;
/** The record that FATAL goes on with. */
export const FATAL_RECORD = 1;

/** Slots with a meaning. */
export const SLOT = {
  /** For results that nobody wants. */
  TRASH: 0,
  /** How many calls have been made again. */
  AGAIN: 1,
  /** The errno of the last failed call. */
  ERRNO: 2,
  /** The record whose failure was fatal. */
  FAILED: 3,
  /** The first that is free. */
  FIRST: 4,
} as const;

/** What is before the arguments of a record. */
export interface RecordHead {
  /** One of OP. */
  readonly op: number;
  /** Arguments that are slots; AGAIN. */
  readonly mask: number;
  /** An errno that counts as success. */
  readonly ok: number;
  /** Number of a system call, or a width. */
  readonly nr: number;
  /** Slot of the result. */
  readonly result: number;
  /** What to do after a failure. */
  readonly onError: number;
}

/** A record, decoded. */
export interface TableRecord extends RecordHead {
  /** All six arguments. */
  readonly args: readonly bigint[];
}

/** Where the argument `k` of the record at an offset is. */
export const argumentAt = (record: number, k: number): number => record + 16 + 8 * k;

/** Writes a number of 64 bits, where nothing is yet. */
export function setWord(view: DataView, at: number, value: number | bigint): void {
  // Most are small, and a bigint of each would take longer than all else.
  if (typeof value === "number" && value >= 0 && value <= 0xffffffff) view.setUint32(at, value, true);
  else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
}

/** Writes what is before the arguments. */
export function setHead(view: DataView, at: number, { op, mask, ok, nr, result, onError }: RecordHead): void {
  view.setUint16(at, op, true);
  view.setUint8(at + 2, mask);
  view.setUint8(at + 3, ok);
  view.setUint32(at + 4, nr, true);
  view.setUint32(at + 8, result, true);
  view.setUint32(at + 12, onError, true);
}

/** Decodes the record at an offset. */
export function decodeRecord(view: DataView, at: number): TableRecord {
  return {
    op: view.getUint16(at, true),
    mask: view.getUint8(at + 2),
    ok: view.getUint8(at + 3),
    nr: view.getUint32(at + 4, true),
    result: view.getUint32(at + 8, true),
    onError: view.getUint32(at + 12, true),
    args: Array.from({ length: 6 }, (_, k) => view.getBigUint64(argumentAt(at, k), true)),
  };
}
