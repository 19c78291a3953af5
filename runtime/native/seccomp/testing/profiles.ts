/** Profiles for tests: podman's own, and random ones. @module */
import type { Seccomp, SeccompArg, SeccompRule } from "../../../spec/types.ts";
import { SECCOMP_OPERATORS } from "../../../spec/names.ts";
import { partOf } from "../multiplexed.ts";

/** A number below a bound. */
export type Random = (below: number) => number;

interface PodmanRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: number; valueTwo?: number; op: string }[] | null;
  readonly includes?: { caps?: readonly string[]; arches?: readonly string[] };
  readonly excludes?: { caps?: readonly string[]; arches?: readonly string[] };
}

/** Podman's profile as it is put into config.json for a container with capabilities. */
export function podmanProfile(
  text: string,
  caps: readonly string[],
  architecture: string,
  architectures: readonly string[],
): Seccomp {
  const { defaultAction, defaultErrnoRet, syscalls } = JSON.parse(text);
  const meets = (all: readonly string[] | undefined, has: readonly string[]): boolean =>
    all === undefined || all.some((each) => has.includes(each));
  const applies = ({ includes = {}, excludes = {} }: PodmanRule): boolean =>
    meets(includes.caps, caps) && meets(includes.arches, [architecture]) &&
    !(excludes.caps !== undefined && meets(excludes.caps, caps)) &&
    !(excludes.arches !== undefined && meets(excludes.arches, [architecture]));
  const rules = (syscalls as PodmanRule[]).filter(applies).map((
    { names, action, errnoRet, args },
  ): SeccompRule => ({
    ...{ names, action },
    ...errnoRet === undefined ? {} : { errnoRet },
    args: (args ?? []).map(({ index, op, value, valueTwo = 0 }) => ({
      ...{ index, op, value: BigInt(value), valueTwo: BigInt(valueTwo) },
    })),
  }));
  return { defaultAction, defaultErrnoRet, architectures, syscalls: rules };
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** A number that shows mistakes at the border of the halves. */
function randomValue(random: Random): bigint {
  const word = (): bigint =>
    BigInt(pick(random, [0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, random(2 ** 32)]));
  return random(2) === 0 ? word() : word() << 32n | word();
}

function randomArg(random: Random, index: number): SeccompArg {
  const op = pick(random, SECCOMP_OPERATORS), value = randomValue(random);
  return { index, op, value, valueTwo: op === "SCMP_CMP_MASKED_EQ" ? randomValue(random) & value : 0n };
}

function randomArgs(random: Random): SeccompArg[] {
  const indices = [0, 1, 2, 3, 4, 5].filter(() => random(3) === 0);
  return (indices.length === 0 ? [random(6)] : indices).map((index) => randomArg(random, index));
}

const DEFAULTS =
  "SCMP_ACT_ALLOW SCMP_ACT_LOG SCMP_ACT_TRACE SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP"
    .split(" ");
const ACTIONS = [...DEFAULTS, "SCMP_ACT_KILL_THREAD", "SCMP_ACT_NOTIFY"];

function randomAction(random: Random, from: readonly string[]): { action: string; errnoRet?: number } {
  const action = pick(random, from);
  const number = ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"].includes(action) && random(2) === 0;
  return number ? { action, errnoRet: random(4096) } : { action };
}

/** What a random profile may have. */
export interface ProfileOptions {
  /** Names of calls. */
  readonly names: readonly string[];
  /** Some of them are named. */
  readonly architectures: readonly string[];
  /** Conditional rules of a call may overlap in every way. */
  readonly overlaps: boolean;
}

/** Rules for one call. */
function randomRules(random: Random, name: string, overlaps: boolean): SeccompRule[] {
  const own = randomAction(random, ACTIONS);
  const whole = { names: [name, "no_such_call"], ...own, args: [] };
  // Arguments that are in memory are not compared: see multiplexed.ts.
  const compares = partOf(name) === undefined && !["socketcall", "ipc"].includes(name);
  if (!compares || random(3) > 0) return [whole];
  const rules: SeccompRule[] = [];
  const many = 1 + random(3);
  for (let i = 0; i < many; i++) {
    const action = overlaps ? randomAction(random, ACTIONS) : own;
    const args = overlaps || many === 1 ? randomArgs(random) : [randomArg(random, i)];
    rules.push({ names: [name], ...action, args });
  }
  return random(8) === 0 ? [whole, ...rules] : rules;
}

/**
 * A profile with rules for some calls. Without `overlaps` each call has one action, and either one rule for several arguments or several rules
 * for one argument each: of other ones libseccomp 2.5.4 leaves some out that hold (it answers with the default as soon as the half of an argument, or the first argument of a
 * rule, has been found and the rest does not hold).
 */
export function randomProfile(random: Random, { names, architectures, overlaps }: ProfileOptions): Seccomp {
  const { action: defaultAction, errnoRet: defaultErrnoRet } = randomAction(random, DEFAULTS);
  const density = 1 + random(20);
  const syscalls = names.filter(() => random(density) === 0).flatMap((name) =>
    randomRules(random, name, overlaps)
  );
  return {
    defaultAction,
    ...defaultErrnoRet === undefined ? {} : { defaultErrnoRet },
    architectures: architectures.filter(() => random(3) > 0),
    syscalls: syscalls.map((rule) => ({ rule, at: random(1000) })).sort((a, b) => a.at - b.at).map((
      { rule },
    ) => rule),
  };
}

/** Arguments near those that a rule is about, and others. */
export function randomArguments(random: Random, about: readonly SeccompArg[], bits: 32 | 64): bigint[] {
  return Array.from({ length: 6 }, (_, i) => {
    const near = about.filter(({ index }) => index === i).flatMap(({ value, valueTwo }) => [
      ...[value, value + 1n, value - 1n, valueTwo, valueTwo | 1n << 40n, value ^ 1n << 32n],
      ...[valueTwo | randomValue(random), randomValue(random)],
    ]);
    return BigInt.asUintN(bits, near.length === 0 ? randomValue(random) : pick(random, near));
  });
}
