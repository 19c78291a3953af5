/** Conditions on arguments as instructions: arguments have 64 bits, the accumulator 32. @module */
import type { SeccompArg } from "../../spec/types.ts";
import { type Assembler, BPF, type Target } from "./bpf.ts";
import type { ConditionalRule } from "./rules.ts";

/** Where the arguments are in struct seccomp_data (linux/seccomp.h). */
const ARGS = 16;

const low = (value: bigint): number => Number(BigInt.asUintN(32, value));
const high = (value: bigint): number => Number(BigInt.asUintN(32, value >> 32n));

/** Both halves of an argument are what they should be; a half of which no bit counts is not looked at. */
function masked(asm: Assembler, at: number, size: 4 | 8, arg: SeccompArg, yes: Target, no: Target): Target {
  const half = (offset: number, mask: number, value: number, then: Target): Target => {
    if (mask === 0) return value === 0 ? then : no;
    const test = asm.test(BPF.JMP_JEQ_K, value, then, no);
    return asm.load(offset, mask === 0xffffffff ? test : asm.and(mask, test));
  };
  const first = half(at, low(arg.value), low(arg.valueTwo), yes);
  return size === 4 ? first : half(at + 4, high(arg.value), high(arg.valueTwo), first);
}

/** The argument is above the value; or the same, if `code` takes that, too. */
function above(
  asm: Assembler,
  at: number,
  size: 4 | 8,
  code: number,
  value: bigint,
  yes: Target,
  no: Target,
): Target {
  const lower = asm.load(at, asm.test(code, low(value), yes, no));
  if (size === 4) return lower;
  const same = asm.test(BPF.JMP_JEQ_K, high(value), lower, no);
  return asm.load(at + 4, asm.test(BPF.JMP_JGT_K, high(value), yes, same));
}

const ALL_BITS = 2n ** 64n - 1n;

function condition(asm: Assembler, arg: SeccompArg, size: 4 | 8, yes: Target, no: Target): Target {
  const { op, value, index } = arg, at = ARGS + 8 * index;
  const equal = { ...arg, value: ALL_BITS, valueTwo: value };
  switch (op) {
    case "SCMP_CMP_EQ":
      return masked(asm, at, size, equal, yes, no);
    case "SCMP_CMP_NE":
      return masked(asm, at, size, equal, no, yes);
    case "SCMP_CMP_GE":
      return above(asm, at, size, BPF.JMP_JGE_K, value, yes, no);
    case "SCMP_CMP_GT":
      return above(asm, at, size, BPF.JMP_JGT_K, value, yes, no);
    case "SCMP_CMP_LT":
      return above(asm, at, size, BPF.JMP_JGE_K, value, no, yes);
    case "SCMP_CMP_LE":
      return above(asm, at, size, BPF.JMP_JGT_K, value, no, yes);
    case "SCMP_CMP_MASKED_EQ":
      return masked(asm, at, size, arg, yes, no);
    default:
      throw new TypeError(`no comparison is ${JSON.stringify(op)}`);
  }
}

/** Rules one after the other: the first that holds decides. Of arguments of 4 bytes the upper half is not looked at. */
export function conditions(
  asm: Assembler,
  rules: readonly ConditionalRule[],
  size: 4 | 8,
  otherwise: Target,
): Target {
  return rules.toReversed().reduce<Target>(
    (next, { args, ret }) =>
      args.toReversed().reduce<Target>((then, arg) => condition(asm, arg, size, then, next), { ret }),
    otherwise,
  );
}
