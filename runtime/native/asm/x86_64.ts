/** The x86_64 instructions that the interpreter is made of (Intel SDM volume 2). Operands are in Intel's order: where to, from where. @module */
import { Code } from "./code.ts";

/** Registers by their numbers. */
export const REG = {
  ...{ rax: 0, rcx: 1, rdx: 2, rbx: 3, rsp: 4, rbp: 5, rsi: 6, rdi: 7 },
  ...{ r8: 8, r9: 9, r10: 10, r12: 12 },
} as const;

/** A register's name. */
export type Reg = keyof typeof REG;

/** Conditions of jumps. */
const CONDITIONS = { e: 0x4, ne: 0x5, ae: 0x3, l: 0xc } as const;

/** Bytes in memory that an instruction reads or writes. */
type Width = 1 | 2 | 4 | 8;

/** Writes x86_64 code. */
export class X86 extends Code {
  /** REX prefix, where one is needed. */
  #rex(wide: boolean, reg: number, index: number, base: number): void {
    const rex = 0x40 | (wide ? 8 : 0) | (reg >> 3 << 2) | (index >> 3 << 1) | (base >> 3);
    if (rex !== 0x40) this.emit(rex);
  }

  /** An instruction with a register and memory at `base` + `disp` (disp8). */
  #memory(wide: boolean, opcode: readonly number[], reg: number, base: Reg, disp: number): void {
    this.#rex(wide, reg, 0, REG[base]);
    this.emit(...opcode, 0x40 | (reg & 7) << 3 | REG[base] & 7, disp);
  }

  /** An instruction with two registers; `rm` is the one that is written. */
  #registers(wide: boolean, opcode: number, rm: Reg, reg: number): void {
    this.#rex(wide, reg, 0, REG[rm]);
    this.emit(opcode, 0xc0 | (reg & 7) << 3 | REG[rm] & 7);
  }

  /** push to. */
  push(reg: Reg): void {
    this.#rex(false, 0, 0, REG[reg]);
    this.emit(0x50 | REG[reg] & 7);
  }
  /** pop to. */
  pop(reg: Reg): void {
    this.#rex(false, 0, 0, REG[reg]);
    this.emit(0x58 | REG[reg] & 7);
  }
  /** mov to, from. */
  mov(to: Reg, from: Reg): void {
    this.#registers(true, 0x89, to, REG[from]);
  }
  /** mov to, value: 32 bits, the upper half becomes 0. */
  movImmediate(to: Reg, value: number): void {
    this.#rex(false, 0, 0, REG[to]);
    this.emit(0xb8 | REG[to] & 7);
    this.emit32(value);
  }
  /** mov to, [base + disp], with zeros above `width` bytes. */
  load(to: Reg, base: Reg, disp: number, width: Width = 8): void {
    const opcode = width === 1 ? [0x0f, 0xb6] : width === 2 ? [0x0f, 0xb7] : [0x8b];
    this.#memory(width === 8, opcode, REG[to], base, disp);
  }
  /** mov to, [base + 8 * index]. */
  loadIndexed(to: Reg, base: Reg, index: Reg): void {
    this.#rex(true, REG[to], REG[index], REG[base]);
    this.emit(0x8b, 0x04 | (REG[to] & 7) << 3, 0xc0 | (REG[index] & 7) << 3 | REG[base] & 7);
  }
  /** mov [base + disp], from. Of one byte only al, cl, dl and bl can be written without a prefix of their own. */
  store(base: Reg, disp: number, from: Reg, width: Width = 8): void {
    this.#memory(width === 8, [width === 1 ? 0x88 : 0x89], REG[from], base, disp);
  }
  /** mov [base + 8 * index], from. */
  storeIndexed(base: Reg, index: Reg, from: Reg): void {
    this.#rex(true, REG[from], REG[index], REG[base]);
    this.emit(0x89, 0x04 | (REG[from] & 7) << 3, 0xc0 | (REG[index] & 7) << 3 | REG[base] & 7);
  }
  /** mov to, [rsp + disp]. */
  loadStack(to: Reg, disp: number): void {
    this.#rex(true, REG[to], 0, REG.rsp);
    this.emit(0x8b, 0x44 | (REG[to] & 7) << 3, 0x24, disp);
  }
  /** lea to, [base + index]. */
  leaSum(to: Reg, base: Reg, index: Reg): void {
    this.#rex(true, REG[to], REG[index], REG[base]);
    this.emit(0x8d, 0x04 | (REG[to] & 7) << 3, (REG[index] & 7) << 3 | REG[base] & 7);
  }
  /** add to, value (imm8). */
  addImmediate(to: Reg, value: number): void {
    this.#registers(true, 0x83, to, 0);
    this.emit(value);
  }
  /** add to, from. */
  add(to: Reg, from: Reg): void {
    this.#registers(true, 0x01, to, REG[from]);
  }
  /** and to, from. */
  and(to: Reg, from: Reg): void {
    this.#registers(true, 0x21, to, REG[from]);
  }
  /** sub to, from. */
  sub(to: Reg, from: Reg): void {
    this.#registers(true, 0x29, to, REG[from]);
  }
  /** neg to. */
  neg(to: Reg): void {
    this.#registers(true, 0xf7, to, 3);
  }
  /** shl to, bits. */
  shiftLeft(to: Reg, bits: number): void {
    this.#registers(true, 0xc1, to, 4);
    this.emit(bits);
  }
  /** shr to, bits. */
  shiftRight(to: Reg, bits: number): void {
    this.#registers(true, 0xc1, to, 5);
    this.emit(bits);
  }
  /** dec to (32 bits). */
  decrement(to: Reg): void {
    this.#registers(false, 0xff, to, 1);
  }
  /** cmp a, b. */
  compare(a: Reg, b: Reg): void {
    this.#registers(true, 0x39, a, REG[b]);
  }
  /** cmp a, b (32 bits). */
  compare32(a: Reg, b: Reg): void {
    this.#registers(false, 0x39, a, REG[b]);
  }
  /** cmp a, value (imm32, with its sign). */
  compareImmediate(a: Reg, value: number): void {
    this.#registers(true, 0x81, a, 7);
    this.emit32(value);
  }
  /** cmp a, value (32 bits, imm8 with its sign). */
  compareImmediate32(a: Reg, value: number): void {
    this.#registers(false, 0x83, a, 7);
    this.emit(value);
  }
  /** test a, a (32 bits). */
  test32(a: Reg): void {
    this.#registers(false, 0x85, a, REG[a]);
  }
  /** test cl, bits. */
  testCl(bits: number): void {
    this.emit(0xf6, 0xc1, bits);
  }
  /** jmp label. */
  jump(label: string): void {
    this.emit(0xe9);
    this.#distance(label);
  }
  /** jmp to where `distance` bytes after the first of this code is. */
  jumpBy(distance: number): void {
    this.emit(0xe9);
    this.emit32(distance - (this.length + 4));
  }
  /** jCC label. */
  jumpIf(condition: keyof typeof CONDITIONS, label: string): void {
    this.emit(0x0f, 0x80 | CONDITIONS[condition]);
    this.#distance(label);
  }
  #distance(label: string): void {
    this.refer(label, (bytes, at, target) => bytes.setInt32(at, target - (at + 4), true));
    this.emit32(0);
  }
  /** syscall. */
  syscall(): void {
    this.emit(0x0f, 0x05);
  }
  /** ret. */
  ret(): void {
    this.emit(0xc3);
  }
}
