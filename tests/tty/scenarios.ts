/** Random scenarios for terminals: attributes, keys, output, reads, flow control. @module */
import * as T from "../../runtime/abi/linux/termios.ts";
import { Random } from "../fuzz/random.ts";
import { hex, type Step } from "./play.ts";

const IFLAGS = [
  T.ISTRIP,
  T.INLCR,
  T.IGNCR,
  T.ICRNL,
  T.IUCLC,
  T.IXON,
  T.IXANY,
  T.IXOFF,
  T.IMAXBEL,
  T.IUTF8,
  T.PARMRK,
];
const OFLAGS = [T.OPOST, T.OLCUC, T.ONLCR, T.OCRNL, T.ONOCR, T.ONLRET, T.XTABS];
const LFLAGS = [
  ...[T.ISIG, T.ICANON, T.ECHO, T.ECHOE, T.ECHOK, T.ECHONL, T.NOFLSH],
  ...[T.ECHOCTL, T.ECHOPRT, T.ECHOKE, T.IEXTEN],
];
/** Keys that mean something, in all sorts of company. */
const KEYS = [
  3,
  4,
  4,
  8,
  9,
  9,
  10,
  10,
  10,
  13,
  0o16,
  0o17,
  0o21,
  0o22,
  0o23,
  0o25,
  0o26,
  0o27,
  0o32,
  0o34,
  127,
  127,
  127,
  0,
  255,
  0x81,
];
const WORDS = ["word", " ", "a_b2", "é", "日本", "x", ".", "  ", "Grüße", "A", "\t", "😀"];

const encoder = new TextEncoder();

function keys(rng: Random, most: number): Uint8Array {
  const all: number[] = [];
  const count = 1 + rng.below(most);
  for (let i = 0; i < count; i++) {
    if (rng.below(3) === 0) all.push(KEYS[rng.below(KEYS.length)]!);
    else if (rng.below(12) === 0) all.push(rng.below(256));
    else all.push(...encoder.encode(WORDS[rng.below(WORDS.length)]!));
  }
  return Uint8Array.from(all);
}

function toggled(rng: Random, start: number, flags: readonly number[]): number {
  let value = start;
  for (const flag of flags) if (rng.below(5) === 0) value ^= flag;
  return value >>> 0;
}

function attributes(rng: Random): Step {
  const { iflag, oflag, lflag, cc } = T.STANDARD_TERMIOS;
  const chars = [...cc];
  if (rng.below(3) === 0) chars[T.VEOL] = 0x2e;
  if (rng.below(4) === 0) chars[T.VEOL2] = 0x41;
  if (rng.below(6) === 0) chars[T.VERASE] = 8;
  if (rng.below(6) === 0) chars[T.VINTR] = 0;
  chars[T.VMIN] = rng.below(4);
  return [
    "set",
    toggled(rng, iflag, IFLAGS),
    toggled(rng, oflag, OFLAGS),
    toggled(rng, lflag, LFLAGS),
    chars,
  ];
}

function step(rng: Random): Step {
  switch (rng.below(16)) {
    case 0:
      return attributes(rng);
    case 1:
    case 2:
      return ["print", hex(keys(rng, 12))];
    case 3:
    case 4:
    case 5:
    case 6:
      return ["read", 1 + rng.below(rng.below(2) === 0 ? 8 : 300)];
    case 7:
      return ["count"];
    case 8:
      return rng.below(3) > 0 ? ["count"] : ["flow", rng.below(2)];
    case 9:
      return rng.below(4) > 0 ? ["type", "0a"] : ["flush", rng.below(3)];
    case 10:
      return rng.below(6) > 0 ? ["type", hex(keys(rng, 3))] : ["packets", rng.below(2)];
    default:
      return ["type", hex(keys(rng, 10))];
  }
}

/** The scenario of a seed. */
export function scenarioOf(seed: number): Step[] {
  const rng = new Random(seed);
  const steps = Array.from({ length: 30 }, () => step(rng));
  return seed % 4 === 0 ? steps : [attributes(rng), ...steps];
}

const times = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step);
const standard = (lflag: number, iflag = 0): Step => {
  const { oflag, cc } = T.STANDARD_TERMIOS;
  return ["set", T.STANDARD_TERMIOS.iflag | iflag, oflag, lflag, cc];
};
const PART: Step = ["type", hex(encoder.encode("abc".repeat(60)))];
const { lflag } = T.STANDARD_TERMIOS;

/** Lines of more than 4096 characters, in several modes. */
export const LONG_LINES: readonly (readonly Step[])[] = [
  [standard(lflag & ~T.ECHO), ...times(30, PART), ["count"], ["type", "0a"], ["count"], ["read", 5000], [
    "count",
  ]],
  [standard(lflag), ...times(24, PART), ["type", "7f7f7f780a"], ["read", 5000]],
  [standard(lflag), ...times(6, PART), ["type", "15"], ["type", "780a"], ["read", 5000]],
  [standard(lflag & ~T.ECHO, T.PARMRK), ...times(24, PART), ["type", "0a"], ["read", 5000]],
  [standard(lflag & ~(T.ICANON | T.ECHO)), ...times(30, PART), ["read", 5000], ["read", 5000], [
    "read",
    5000,
  ]],
  [standard(lflag & ~T.ECHO), ["type", "610a"], ...times(24, PART), ["count"], ["read", 9], ["type", "0a"], [
    "read",
    5000,
  ]],
];
