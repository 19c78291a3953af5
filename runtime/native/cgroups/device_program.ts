/** The allowed device list as a BPF program of a cgroup version 2 (man 2 bpf, Linux's Documentation/bpf; config-linux.md#allowed-device-list). @module */
import type { DeviceRule } from "../../spec/types.ts";

// linux/bpf_common.h, linux/bpf.h: class, operation and source in one byte.
const LDX_W = 0x61, MOV32_X = 0xbc, MOV32_K = 0xb4, AND32_K = 0x54, RSH32_K = 0x74;
const JEQ32_K = 0x16, JNE32_K = 0x56, EXIT = 0x95;
const R0 = 0, R1 = 1, TYPE = 2, ACCESS = 3, MAJOR = 4, MINOR = 5, HIT = 6;

/** An instruction of eBPF. */
export interface BpfInstruction {
  /** What it does. */
  readonly code: number;
  /** Register that it changes or compares. */
  readonly dst: number;
  /** Register that it reads. */
  readonly src: number;
  /** How far it jumps, or where it reads. */
  readonly offset: number;
  /** A constant. */
  readonly immediate: number;
}

const op = (code: number, dst = 0, src = 0, offset = 0, immediate = 0): BpfInstruction => ({
  ...{ code, dst, src, offset, immediate },
});

/** BPF_DEVCG_DEV_BLOCK and BPF_DEVCG_DEV_CHAR. */
const TYPES = { b: 1, c: 2 } as const;
/** BPF_DEVCG_ACC_MKNOD, READ, WRITE. */
const bitsOf = (access: string): number =>
  access === "" ? 7 : [..."mrw"].reduce((bits, c, i) => access.includes(c) ? bits | 1 << i : bits, 0);

function block({ allow, type, major, minor, access }: DeviceRule): BpfInstruction[] {
  const bits = bitsOf(access);
  const decide = allow
    // What this rule allows is no longer asked for; when nothing is left, it is allowed.
    ? [op(AND32_K, ACCESS, 0, 0, 7 & ~bits), op(JNE32_K, ACCESS, 0, 2, 0), op(MOV32_K, R0, 0, 0, 1), op(EXIT)]
    : [
      op(MOV32_X, HIT, ACCESS),
      op(AND32_K, HIT, 0, 0, bits),
      op(JEQ32_K, HIT, 0, 2, 0),
      op(MOV32_K, R0, 0, 0, 0),
      op(EXIT),
    ];
  const tests = [
    ...type === "a" ? [] : [[TYPE, TYPES[type]] as const],
    ...major === undefined ? [] : [[MAJOR, major] as const],
    ...minor === undefined ? [] : [[MINOR, minor] as const],
  ];
  return [
    ...tests.map(([register, value], i) =>
      op(JNE32_K, register, 0, tests.length - i - 1 + decide.length, value | 0)
    ),
    ...decide,
  ];
}

/**
 * Instructions that decide as the rules do in their order, for each of read, write and mknod by itself: the last rule about it counts, so they
 * are asked from the end. What none is about is denied. The context is struct bpf_cgroup_dev_ctx: access << 16 | type, major, minor.
 */
export function deviceProgram(rules: readonly DeviceRule[]): BpfInstruction[] {
  return [
    op(LDX_W, TYPE, R1, 0),
    op(MOV32_X, ACCESS, TYPE),
    op(AND32_K, TYPE, 0, 0, 0xffff),
    op(RSH32_K, ACCESS, 0, 0, 16),
    op(LDX_W, MAJOR, R1, 4),
    op(LDX_W, MINOR, R1, 8),
    ...[...rules].reverse().flatMap(block),
    op(MOV32_K, R0, 0, 0, 0),
    op(EXIT),
  ];
}

/** Instructions as the kernel takes them: struct bpf_insn, little-endian. */
export function encodeBpf(program: readonly BpfInstruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 * program.length), view = new DataView(bytes.buffer);
  program.forEach(({ code, dst, src, offset, immediate }, i) => {
    view.setUint8(8 * i, code);
    view.setUint8(8 * i + 1, src << 4 | dst);
    view.setInt16(8 * i + 2, offset, true);
    view.setInt32(8 * i + 4, immediate, true);
  });
  return bytes;
}
