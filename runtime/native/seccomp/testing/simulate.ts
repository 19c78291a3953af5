/** Runs filters in TypeScript, as Linux's kernel/seccomp.c does. @module */
import { BPF, type Instruction } from "../bpf.ts";

/** struct seccomp_data (linux/seccomp.h). */
export interface SeccompData {
  /** Number of the call. */
  readonly nr: number;
  /** AUDIT_ARCH_*. */
  readonly arch: number;
  /** The call's arguments. */
  readonly args: readonly bigint[];
}

/** Bytes of struct seccomp_data. */
const SIZE = 64;
/** What a program returns, and in how many steps. Throws where the kernel would not load it. */
export function simulate(
  program: readonly Instruction[],
  { nr, arch, args }: SeccompData,
): { readonly ret: number; readonly steps: number } {
  const data = new DataView(new ArrayBuffer(SIZE));
  data.setUint32(0, nr, true);
  data.setUint32(4, arch, true);
  args.forEach((arg, i) => data.setBigUint64(16 + 8 * i, arg, true));
  let a = 0, at = 0;
  for (let steps = 1; at < program.length; steps++) {
    const { code, jt, jf, k } = program[at++]!;
    const jump = (holds: boolean): number => at += holds ? jt : jf;
    if (code === BPF.LD_W_ABS) a = data.getUint32(k, true);
    else if (code === BPF.ALU_AND_K) a = (a & k) >>> 0;
    else if (code === BPF.JMP_JA) at += k;
    else if (code === BPF.JMP_JEQ_K) jump(a === k);
    else if (code === BPF.JMP_JGT_K) jump(a > k);
    else if (code === BPF.JMP_JGE_K) jump(a >= k);
    else if (code === BPF.RET_K) return { ret: k, steps };
    else throw new TypeError(`instruction ${at - 1}: code ${code} is not known`);
  }
  throw new RangeError(`the program ends at ${at} without a value`);
}
