/** Programs of classic BPF as seccomp(2) takes them (linux/filter.h): written from the end, so that every jump's target is known. @module */

/** struct sock_filter. */
export interface Instruction {
  /** What is done. */
  readonly code: number;
  /** Instructions that are passed over if a test holds. */
  readonly jt: number;
  /** Instructions that are passed over if it does not. */
  readonly jf: number;
  /** The operand. */
  readonly k: number;
}

/** Codes of instructions (linux/bpf_common.h). */
export const BPF = {
  LD_W_ABS: 0x20,
  ALU_AND_K: 0x54,
  JMP_JA: 0x05,
  JMP_JEQ_K: 0x15,
  JMP_JGT_K: 0x25,
  JMP_JGE_K: 0x35,
  RET_K: 0x06,
} as const;

/** Instructions of a program at most (linux/bpf_common.h, BPF_MAXINSNS). */
export const BPF_MAXINSNS = 4096;

/** Where to go on: at an instruction, counted from the end of the program, or with a value that is returned. */
export type Target = { readonly at: number } | { readonly ret: number };

/** Farthest jump of a test. */
const FAR = 255;

/** Writes a program from its end to its beginning. What is written goes on with what was written before it. */
export class Assembler {
  readonly #reversed: Instruction[] = [];
  readonly #returns = new Map<number, number>();

  #push(code: number, k: number, jt = 0, jf = 0): Target {
    if (this.#reversed.length === BPF_MAXINSNS) {
      throw new RangeError(
        `the filter has more than ${BPF_MAXINSNS} instructions, which is the most that Linux takes`,
      );
    }
    this.#reversed.push({ code, jt, jf, k: k >>> 0 });
    return { at: this.#reversed.length };
  }

  /** Instructions between what is written next and a target. */
  #distance(at: number): number {
    return this.#reversed.length - at;
  }

  /** A target that a test can reach although up to `more` instructions come between. */
  #reachable(target: Target, more: number): number {
    if ("at" in target) {
      if (this.#distance(target.at) + more <= FAR) return target.at;
      return (this.#push(BPF.JMP_JA, this.#distance(target.at)) as { at: number }).at;
    }
    const known = this.#returns.get(target.ret);
    if (known !== undefined && this.#distance(known) + more <= FAR) return known;
    const { at } = this.#push(BPF.RET_K, target.ret) as { at: number };
    this.#returns.set(target.ret, at);
    return at;
  }

  /** Compares the accumulator. */
  test(code: number, k: number, yes: Target, no: Target): Target {
    const otherwise = this.#reachable(no, 1), then = this.#reachable(yes, 0);
    return this.#push(code, k, this.#distance(then), this.#distance(otherwise));
  }

  #before(code: number, k: number, next: Target): Target {
    const at = this.#reachable(next, 0);
    if (this.#distance(at) > 0) {
      if ("ret" in next) this.#push(BPF.RET_K, next.ret);
      else this.#push(BPF.JMP_JA, this.#distance(at));
    }
    return this.#push(code, k);
  }

  /** Loads the word of struct seccomp_data at `offset`. */
  load(offset: number, next: Target): Target {
    return this.#before(BPF.LD_W_ABS, offset, next);
  }

  /** Takes bits of the accumulator. */
  and(mask: number, next: Target): Target {
    return this.#before(BPF.ALU_AND_K, mask, next);
  }

  /** The program; what was written last is its first instruction. */
  finish(): Instruction[] {
    return this.#reversed.toReversed();
  }
}

/** Instructions as the kernel takes them. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 * program.length), view = new DataView(bytes.buffer);
  program.forEach(({ code, jt, jf, k }, i) => {
    view.setUint16(8 * i, code, true);
    view.setUint8(8 * i + 2, jt);
    view.setUint8(8 * i + 3, jf);
    view.setUint32(8 * i + 4, k, true);
  });
  return bytes;
}

/** Reads them again. */
export function decodeProgram(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => ({
    code: view.getUint16(8 * i, true),
    jt: view.getUint8(8 * i + 2),
    jf: view.getUint8(8 * i + 3),
    k: view.getUint32(8 * i + 4, true),
  }));
}
