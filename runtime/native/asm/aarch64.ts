/** The aarch64 instructions that the interpreter is made of (Arm ARM, C6). Operands are in Arm's order: where to, from where. @module */
import { Code } from "./code.ts";

/** The stack pointer, or zero, as the instruction has it. */
const SP = 31, ZERO = 31;
/** Conditions of branches. */
const CONDITIONS = { eq: 0, ne: 1, cs: 2, lt: 11 } as const;
/** Loads with zeros above, and stores, by width in bytes. */
const LOADS = { 1: 0x39400000, 2: 0x79400000, 4: 0xb9400000, 8: 0xf9400000 } as const;
const STORES = { 1: 0x39000000, 4: 0xb9000000, 8: 0xf9000000 } as const;

/** Writes aarch64 code. Registers are numbers. */
export class Arm extends Code {
  /** stp a, b, [sp, -bytes]!. */
  pushPair(a: number, b: number, bytes: number): void {
    this.emit32(0xa9800000 | (-bytes / 8 & 0x7f) << 15 | b << 10 | SP << 5 | a);
  }
  /** ldp a, b, [sp], bytes. */
  popPair(a: number, b: number, bytes: number): void {
    this.emit32(0xa8c00000 | bytes / 8 << 15 | b << 10 | SP << 5 | a);
  }
  /** str from, [sp, disp]. */
  storeStack(from: number, disp: number): void {
    this.store(SP, disp, from);
  }
  /** ldr to, [sp, disp]. */
  loadStack(to: number, disp: number): void {
    this.load(to, SP, disp);
  }
  /** mov to, from. */
  mov(to: number, from: number): void {
    this.emit32(0xaa0003e0 | from << 16 | to);
  }
  /** mov to, value (16 bits). */
  movImmediate(to: number, value: number): void {
    this.emit32(0xd2800000 | value << 5 | to);
  }
  /** movk to, value, lsl 16: bits 16 to 31. */
  movHigh(to: number, value: number): void {
    this.emit32(0xf2a00000 | value << 5 | to);
  }
  /** ldr to, [base, disp], with zeros above `width` bytes. */
  load(to: number, base: number, disp: number, width: 1 | 2 | 4 | 8 = 8): void {
    this.emit32(LOADS[width] | disp / width << 10 | base << 5 | to);
  }
  /** str from, [base, disp]. */
  store(base: number, disp: number, from: number, width: 1 | 4 | 8 = 8): void {
    this.emit32(STORES[width] | disp / width << 10 | base << 5 | from);
  }
  /** ldr to, [base, index, lsl 3]. */
  loadIndexed(to: number, base: number, index: number): void {
    this.emit32(0xf8607800 | index << 16 | base << 5 | to);
  }
  /** str from, [base, index, lsl 3]. */
  storeIndexed(base: number, index: number, from: number): void {
    this.emit32(0xf8207800 | index << 16 | base << 5 | from);
  }
  /** add to, a, b, lsl shift. */
  add(to: number, a: number, b: number, shift = 0): void {
    this.emit32(0x8b000000 | b << 16 | shift << 10 | a << 5 | to);
  }
  /** add to, a, value. */
  addImmediate(to: number, a: number, value: number): void {
    this.emit32(0x91000000 | value << 10 | a << 5 | to);
  }
  /** and to, a, b. */
  and(to: number, a: number, b: number): void {
    this.emit32(0x8a000000 | b << 16 | a << 5 | to);
  }
  /** sub to, a, b. */
  sub(to: number, a: number, b: number): void {
    this.emit32(0xcb000000 | b << 16 | a << 5 | to);
  }
  /** neg to, from. */
  neg(to: number, from: number): void {
    this.sub(to, ZERO, from);
  }
  /** lsr to, from, bits. */
  shiftRight(to: number, from: number, bits: number): void {
    this.emit32(0xd340fc00 | bits << 16 | from << 5 | to);
  }
  /** subs to, to, 1 (32 bits). */
  decrement(to: number): void {
    this.emit32(0x71000400 | to << 5 | to);
  }
  /** cmp a, b. */
  compare(a: number, b: number): void {
    this.emit32(0xeb00001f | b << 16 | a << 5);
  }
  /** cmp a, b (32 bits). */
  compare32(a: number, b: number): void {
    this.emit32(0x6b00001f | b << 16 | a << 5);
  }
  /** cmp a, value (32 bits). */
  compareImmediate32(a: number, value: number): void {
    this.emit32(0x7100001f | value << 10 | a << 5);
  }
  /** cmn a, value: compares with -value. */
  compareNegative(a: number, value: number): void {
    this.emit32(0xb100001f | value << 10 | a << 5);
  }
  /** cmn a, value (32 bits). */
  compareNegative32(a: number, value: number): void {
    this.emit32(0x3100001f | value << 10 | a << 5);
  }
  /** b label. */
  jump(label: string): void {
    this.refer(label, (bytes, at, target) => {
      bytes.setUint32(at, (0x14000000 | (target - at) / 4 & 0x3ffffff) >>> 0, true);
    });
    this.emit32(0);
  }
  /** b to where `distance` bytes after the first of this code is. */
  jumpBy(distance: number): void {
    this.emit32(0x14000000 | (distance - this.length) / 4 & 0x3ffffff);
  }
  /** b.CC label. */
  jumpIf(condition: keyof typeof CONDITIONS, label: string): void {
    this.#branch19(0x54000000 | CONDITIONS[condition], label);
  }
  /** cbnz a, label (32 bits). */
  jumpIfNotZero32(a: number, label: string): void {
    this.#branch19(0x35000000 | a, label);
  }
  #branch19(word: number, label: string): void {
    this.refer(label, (bytes, at, target) => {
      bytes.setUint32(at, (word | ((target - at) / 4 & 0x7ffff) << 5) >>> 0, true);
    });
    this.emit32(0);
  }
  /** tbz a, bit, label. */
  jumpIfBitClear(a: number, bit: number, label: string): void {
    this.refer(label, (bytes, at, target) => {
      bytes.setUint32(at, (0x36000000 | bit << 19 | ((target - at) / 4 & 0x3fff) << 5 | a) >>> 0, true);
    });
    this.emit32(0);
  }
  /** svc 0. */
  syscall(): void {
    this.emit32(0xd4000001);
  }
  /** ret. */
  ret(): void {
    this.emit32(0xd65f03c0);
  }
}
