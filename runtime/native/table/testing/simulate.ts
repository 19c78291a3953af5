/** What the interpreter does with a table, on any system: a fake kernel takes the system calls. @module */
import { EAGAIN } from "../../../../fs/abi/errno.ts";
import { relocate, type Table } from "../compile_table.ts";
import {
  AGAIN,
  decodeRecord,
  FATAL,
  FATAL_RECORD,
  IGNORE,
  MOST_AGAIN,
  OP,
  RECORD_SIZE,
  SLOT,
} from "../record.ts";

/** Memory of a program: its table and data, and its slots. */
export class Memory {
  readonly #view: DataView;
  readonly #slots: DataView;

  /** A table at `base`, with its slots at `slotsAt`. */
  constructor(readonly table: Table, readonly base: bigint, readonly slotsAt: bigint) {
    relocate(table, base, slotsAt);
    this.#view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.length);
    this.#slots = new DataView(new ArrayBuffer(8 * table.slots));
  }

  #place(address: bigint): [DataView, number] {
    const inSlots = address >= this.slotsAt && address < this.slotsAt + BigInt(8 * this.table.slots);
    return inSlots
      ? [this.#slots, Number(address - this.slotsAt)]
      : [this.#view, Number(address - this.base)];
  }

  /** Reads a number of `width` bytes. */
  load(address: bigint, width: number): bigint {
    const [view, at] = this.#place(address);
    if (width === 8) return view.getBigUint64(at, true);
    return BigInt(width === 4 ? view.getUint32(at, true) : view.getUint8(at));
  }
  /** Writes a number of `width` bytes. */
  store(address: bigint, width: number, value: bigint): void {
    const [view, at] = this.#place(address);
    if (width === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
    else if (width === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else view.setUint8(at, Number(BigInt.asUintN(8, value)));
  }
  /** A string up to its end. */
  string(address: bigint): string {
    const bytes: number[] = [];
    for (let at = address;; at++) {
      const byte = Number(this.load(at, 1));
      if (byte === 0) return new TextDecoder().decode(Uint8Array.from(bytes));
      bytes.push(byte);
    }
  }
  /** What is in a slot. */
  slot(n: number): bigint {
    return this.#slots.getBigUint64(8 * n, true);
  }
  /** Puts something in a slot. */
  setSlot(n: number, value: bigint): void {
    this.#slots.setBigUint64(8 * n, BigInt.asUintN(64, value), true);
  }
  /** The record of a number. */
  record(n: number): ReturnType<typeof decodeRecord> {
    return decodeRecord(this.#view, n * RECORD_SIZE);
  }
}

/** Takes system calls: the result, a negative errno, or "end" when the program is gone. */
export type FakeKernel = (nr: number, args: readonly bigint[], memory: Memory) => number | "end";

/** Runs a table. What its RET says; undefined if a system call ended it. */
export function simulate(memory: Memory, kernel: FakeKernel): bigint | undefined {
  for (let at = 0;;) {
    const { op, mask, ok, nr, result, onError, args: raw } = memory.record(at);
    const args = raw.map((arg, i) => (mask & 1 << i) === 0 ? arg : memory.slot(Number(arg)));
    const [a, b, c] = args as [bigint, bigint, bigint];
    const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
    let next = at + 1;
    if (op === OP.SYS) {
      const value = kernel(nr, args, memory);
      if (value === "end") return undefined;
      if (value >= 0) memory.setSlot(result, BigInt(value));
      else {
        memory.setSlot(SLOT.ERRNO, BigInt(-value));
        if (ok !== -value && onError !== IGNORE) {
          const again = memory.slot(SLOT.AGAIN);
          if ((mask & AGAIN) !== 0 && value === -EAGAIN && again !== BigInt(MOST_AGAIN)) {
            memory.setSlot(SLOT.AGAIN, again + 1n);
            continue;
          }
          if (onError === FATAL) memory.setSlot(SLOT.FAILED, BigInt(at));
          next = onError === FATAL ? FATAL_RECORD : onError;
        }
      }
    } else if (op === OP.JMP) next = Number(a);
    else if (op === OP.JEQ) next = a === b ? Number(c) : next;
    else if (op === OP.JLT) next = signed(a) < signed(b) ? Number(c) : next;
    else if (op === OP.MOV) memory.setSlot(result, a);
    else if (op === OP.ADD) memory.setSlot(result, a + b);
    else if (op === OP.AND) memory.setSlot(result, a & b);
    else if (op === OP.LD) memory.setSlot(result, memory.load(BigInt.asUintN(64, a + b), nr));
    else if (op === OP.ST) memory.store(BigInt.asUintN(64, a + b), nr, c);
    else if (op === OP.RET) return a;
    else throw new TypeError(`record ${at}: there is no operation ${op}`);
    at = next;
  }
}
