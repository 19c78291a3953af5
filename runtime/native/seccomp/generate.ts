/**
 * The filter of config.json as a program of classic BPF (config-linux.md#seccomp): by architecture, then a binary search over ranges of numbers
 * that are treated alike, then what a call's arguments decide.
 * @module
 */
import { ENOSYS } from "../../../fs/abi/errno.ts";
import type { Seccomp } from "../../spec/types.ts";
import type { Architecture } from "../asm/machine.ts";
import { returnOf } from "./actions.ts";
import { architecturesOf, type CallArchitecture, numberOf, X32_BIT } from "./architectures.ts";
import { Assembler, BPF, type Instruction, type Target } from "./bpf.ts";
import { conditions } from "./conditions.ts";
import { type CallRules, rulesOf } from "./rules.ts";

/** Where they are in struct seccomp_data (linux/seccomp.h). */
const NR = 0, ARCH = 4;

/** What libseccomp answers calls of architectures that a filter has nothing for. */
const BAD_ARCHITECTURE = returnOf("SCMP_ACT_KILL");
/** The number of a call that a tracer has taken back: it belongs to no architecture. */
const NO_CALL = 0xffffffff;

/** Numbers from here to the next range's beginning. */
interface Range extends CallRules {
  readonly from: number;
  readonly size: 4 | 8;
}

/** Default actions by which a call that a profile does not know is made, or is somebody else's to answer. */
const LENIENT: readonly string[] = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"];

/**
 * The first number of calls that are newer than the profile: they do not exist, so that programs try older ones, as with runc. Undefined where
 * calls without rules are not forbidden, where the profile says so itself, and for architectures that it does not name.
 */
function firstNewer(filter: Seccomp, architecture: CallArchitecture): number | undefined {
  const { defaultAction, defaultErrnoRet, architectures, syscalls } = filter;
  if (LENIENT.includes(defaultAction) || defaultErrnoRet === ENOSYS) return undefined;
  if (!architectures.includes(architecture.name)) return undefined;
  let last = 0;
  for (const name of syscalls.flatMap(({ names }) => names)) {
    last = Math.max(last, numberOf(name, architecture) ?? 0);
  }
  return last === 0 ? undefined : last + 1;
}

/** The ranges of an architecture from its first number on. */
function rangesOf(filter: Seccomp, architecture: CallArchitecture): Range[] {
  const { bits, size } = architecture;
  const only = (from: number, otherwise: number): Range => ({ from, size, conditional: [], otherwise });
  const byDefault = returnOf(filter.defaultAction, filter.defaultErrnoRet);
  const ranges = [only(bits, byDefault)];
  for (const [number, rules] of [...rulesOf(filter, architecture)].sort(([a], [b]) => a - b)) {
    ranges.push({ from: number, size, ...rules }, only(number + 1, byDefault));
  }
  const newer = firstNewer(filter, architecture);
  return newer === undefined ? ranges : [...ranges, only(newer, returnOf("SCMP_ACT_ERRNO", ENOSYS))];
}

/** Of ranges that begin at the same number the last counts; neighbours that are alike become one. */
function merge(ranges: readonly Range[]): Range[] {
  const plain = (range: Range | undefined): number | undefined =>
    range === undefined || range.conditional.length > 0 ? undefined : range.otherwise;
  const merged: Range[] = [];
  for (const range of ranges) {
    if (merged.at(-1)?.from === range.from) merged.pop();
    const same = plain(range);
    if (same === undefined || plain(merged.at(-1)) !== same) merged.push(range);
  }
  return merged;
}

/** All ranges of calls that the kernel says are of one architecture. */
function section(filter: Seccomp, members: readonly CallArchitecture[]): Range[] {
  const ranges = members.flatMap((each) => rangesOf(filter, each));
  if (members[0]!.table !== "x86_64") return merge(ranges);
  const { size } = members[0]!;
  const x32 = members.length > 1
    ? []
    : [{ from: X32_BIT, size, conditional: [], otherwise: BAD_ARCHITECTURE }];
  // It belongs to no architecture, but x32's range of newer calls has it.
  const noCall = members.length > 1 ? [] : [{
    from: NO_CALL,
    size,
    conditional: [],
    otherwise: returnOf(filter.defaultAction, filter.defaultErrnoRet),
  }];
  const below = ranges.filter(({ from }) => from < X32_BIT),
    above = ranges.filter(({ from }) => from >= X32_BIT);
  return merge([...below, ...x32, ...above, ...noCall]);
}

function search(asm: Assembler, ranges: readonly Range[]): Target {
  if (ranges.length === 1) {
    const { conditional, size, otherwise } = ranges[0]!;
    return conditions(asm, conditional, size, { ret: otherwise });
  }
  const middle = ranges.length >> 1;
  const upper = search(asm, ranges.slice(middle)), lower = search(asm, ranges.slice(0, middle));
  return asm.test(BPF.JMP_JGE_K, ranges[middle]!.from, upper, lower);
}

/** The program of a filter on a machine. */
export function generateFilter(filter: Seccomp, machine: Architecture): Instruction[] {
  const asm = new Assembler();
  const byAudit = Map.groupBy(architecturesOf(filter.architectures, machine), ({ audit }) => audit);
  const sections = [...byAudit].toReversed().map(([audit, members]) => {
    return { audit, start: asm.load(NR, search(asm, section(filter, members))) };
  });
  const dispatch = sections.reduce<Target>(
    (next, { audit, start }) => asm.test(BPF.JMP_JEQ_K, audit, start, next),
    { ret: BAD_ARCHITECTURE },
  );
  asm.load(ARCH, dispatch);
  return asm.finish();
}
