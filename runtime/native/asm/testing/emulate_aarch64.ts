/** An emulator of the aarch64 instructions in aarch64.ts, by their encodings in the Arm ARM: tests run the interpreter on machines that are none. @module */
import type { FakeKernel, Memory } from "../../table/testing/simulate.ts";

const MASK = 2n ** 64n - 1n, STACK = 0x7fff_0000n;
const sign = (value: number, bits: number): number => value << (32 - bits) >> (32 - bits);

class Processor {
  readonly x: bigint[] = new Array(32).fill(0n);
  sp: bigint = STACK;
  pc = 0;
  n = false;
  z = false;
  c = false;
  v = false;
  readonly #stack = new Map<bigint, bigint>();

  constructor(readonly code: DataView, readonly memory: Memory) {}

  #get(reg: number): bigint {
    return reg === 31 ? 0n : this.x[reg]!;
  }
  #base(reg: number): bigint {
    return reg === 31 ? this.sp : this.x[reg]!;
  }
  #set(reg: number, value: bigint): void {
    if (reg !== 31) this.x[reg] = value & MASK;
  }
  #load(at: bigint, width: number): bigint {
    const address = at & MASK;
    return address >= STACK - 4096n ? this.#stack.get(address)! : this.memory.load(address, width);
  }
  #store(at: bigint, width: number, value: bigint): void {
    const address = at & MASK;
    if (address >= STACK - 4096n) this.#stack.set(address, value);
    else this.memory.store(address, width, value);
  }
  #flags(a: bigint, b: bigint, carry: bigint, bits: number): bigint {
    const top = 1n << BigInt(bits), sum = a + b + carry, result = sum % top;
    const negative = (value: bigint): boolean => value >= top / 2n;
    [this.n, this.z, this.c] = [negative(result), result === 0n, sum >= top];
    this.v = negative(a) === negative(b) && negative(result) !== negative(a);
    return result;
  }
  #subtract(a: bigint, b: bigint, bits: number): bigint {
    const all = (1n << BigInt(bits)) - 1n;
    return this.#flags(a & all, ~b & all, 1n, bits);
  }

  /** Loads, stores and pairs. */
  #memoryAccess(w: number, rd: number, rn: number): boolean {
    const access = w & 0xffc00000, imm = w >>> 10 & 0xfff;
    const widths: Record<number, number> = { 0x39: 1, 0x79: 2, 0xb9: 4, 0xf9: 8 };
    const width = widths[w >>> 24];
    if (width !== undefined && (w & 0x00800000) === 0) {
      const at = this.#base(rn) + BigInt(imm * width);
      if ((w & 0x00400000) !== 0) this.#set(rd, this.#load(at, width));
      else this.#store(at, width, this.#get(rd));
    } else if ((w & 0xffa0fc00) >>> 0 === 0xf8207800) {
      const at = this.#base(rn) + this.#get(w >>> 16 & 31) * 8n;
      if ((w & 0x00400000) !== 0) this.#set(rd, this.#load(at, 8));
      else this.#store(at, 8, this.#get(rd));
    } else if (access >>> 0 === 0xa9800000) {
      this.sp += BigInt(sign(w >>> 15 & 0x7f, 7) * 8);
      this.#store(this.sp, 8, this.#get(rd));
      this.#store(this.sp + 8n, 8, this.#get(w >>> 10 & 31));
    } else if (access >>> 0 === 0xa8c00000) {
      this.#set(rd, this.#load(this.sp, 8));
      this.#set(w >>> 10 & 31, this.#load(this.sp + 8n, 8));
      this.sp += BigInt(sign(w >>> 15 & 0x7f, 7) * 8);
    } else return false;
    return true;
  }

  /** Arithmetic. */
  #compute(w: number, rd: number, rn: number): boolean {
    const rm = w >>> 16 & 31, imm = BigInt(w >>> 10 & 0xfff), a = this.#get(rn);
    const shifted = this.#get(rm) << BigInt(w >>> 10 & 63);
    const high = w >>> 24;
    if (high === 0xaa) this.#set(rd, a | this.#get(rm));
    else if (high === 0x8a) this.#set(rd, a & shifted);
    else if (high === 0x8b) this.#set(rd, a + shifted);
    else if (high === 0xcb) this.#set(rd, a - shifted);
    else if (high === 0x91) this.#set(rd, this.#base(rn) + imm);
    else if (high === 0xd2) this.#set(rd, BigInt(w >>> 5 & 0xffff));
    else if (high === 0xd3) this.#set(rd, a >> BigInt(w >>> 16 & 63));
    else if (high === 0xeb) this.#set(rd, this.#subtract(a, this.#get(rm), 64));
    else if (high === 0x6b) this.#set(rd, this.#subtract(a, this.#get(rm), 32));
    else if (high === 0x71) this.#set(rd, this.#subtract(a, imm, 32));
    else if (high === 0xb1) this.#set(rd, this.#flags(a, imm, 0n, 64));
    else if (high === 0x31) this.#set(rd, this.#flags(a & 0xffffffffn, imm, 0n, 32));
    else return false;
    return true;
  }

  #condition(code: number): boolean {
    const conditions: Record<number, boolean> = { 0: this.z, 1: !this.z, 2: this.c, 11: this.n !== this.v };
    return conditions[code]!;
  }

  /** Branches: where to go on, or undefined for another instruction. */
  #branch(w: number): number | undefined {
    const at = this.pc, high = w >>> 24, next = at + 4;
    if ((w & 0xfc000000) >>> 0 === 0x14000000) return at + sign(w & 0x3ffffff, 26) * 4;
    const to19 = at + sign(w >>> 5 & 0x7ffff, 19) * 4;
    if (high === 0x54) return this.#condition(w & 15) ? to19 : next;
    if (high === 0x35) return (this.#get(w & 31) & 0xffffffffn) !== 0n ? to19 : next;
    if (high !== 0x36) return undefined;
    const clear = (this.#get(w & 31) >> BigInt(w >>> 19 & 31) & 1n) === 0n;
    return clear ? at + sign(w >>> 5 & 0x3fff, 14) * 4 : next;
  }

  /** Runs up to the ret. What is in x0 then; undefined if a system call ended it. */
  run(kernel: FakeKernel): bigint | undefined {
    for (;;) {
      const w = this.code.getUint32(this.pc, true);
      if (w === 0xd65f03c0) return this.x[0];
      if (w === 0xd4000001) {
        const result = kernel(Number(this.x[8]), this.x.slice(0, 6), this.memory);
        if (result === "end") return undefined;
        this.x[0] = BigInt.asUintN(64, BigInt(result));
        this.pc += 4;
        continue;
      }
      const to = this.#branch(w);
      if (to === undefined) {
        if (!this.#memoryAccess(w, w & 31, w >>> 5 & 31) && !this.#compute(w, w & 31, w >>> 5 & 31)) {
          throw new TypeError(`no instruction ${w.toString(16)} at ${this.pc.toString(16)}`);
        }
        this.pc += 4;
      } else this.pc = to;
    }
  }
}

/** Calls code that is to be called with a table and its slots. Throws if it does not give back what it has to. */
export function emulate(
  code: Uint8Array<ArrayBuffer>,
  memory: Memory,
  kernel: FakeKernel,
): bigint | undefined {
  const processor = new Processor(new DataView(code.buffer), memory);
  const kept = [19, 20, 21];
  for (const reg of kept) processor.x[reg] = BigInt(reg) * 0x1111n;
  processor.x[0] = memory.base;
  processor.x[1] = memory.slotsAt;
  const result = processor.run(kernel);
  if (processor.sp !== STACK || kept.some((reg) => processor.x[reg] !== BigInt(reg) * 0x1111n)) {
    throw new Error("the code changes registers that are its caller's");
  }
  return result;
}
