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

/** A record, decoded. */
export interface TableRecord {
  /** One of OP. */
  readonly op: number;
  /** Arguments that are slots; AGAIN. */
  readonly mask?: number;
  /** An errno that counts as success. */
  readonly ok?: number;
  /** Number of a system call, or a width. */
  readonly nr?: number;
  /** Slot of the result. */
  readonly result?: number;
  /** What to do after a failure. */
  readonly onError?: number;
  /** Up to six arguments. */
  readonly args?: readonly bigint[];
}

/** Encodes records. */
export function encodeRecords(records: readonly TableRecord[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(records.length * RECORD_SIZE), view = new DataView(bytes.buffer);
  records.forEach(({ op, mask = 0, ok = 0, nr = 0, result = SLOT.TRASH, onError = FATAL, args = [] }, i) => {
    const at = i * RECORD_SIZE;
    view.setUint16(at, op, true);
    view.setUint8(at + 2, mask);
    view.setUint8(at + 3, ok);
    view.setUint32(at + 4, nr, true);
    view.setUint32(at + 8, result, true);
    view.setUint32(at + 12, onError, true);
    args.forEach((arg, k) => view.setBigUint64(at + 16 + 8 * k, BigInt.asUintN(64, arg), true));
  });
  return bytes;
}

/** Decodes the record at an offset. */
export function decodeRecord(view: DataView, at: number): Required<TableRecord> {
  return {
    op: view.getUint16(at, true),
    mask: view.getUint8(at + 2),
    ok: view.getUint8(at + 3),
    nr: view.getUint32(at + 4, true),
    result: view.getUint32(at + 8, true),
    onError: view.getUint32(at + 12, true),
    args: Array.from({ length: 6 }, (_, k) => view.getBigUint64(at + 16 + 8 * k, true)),
  };
}
