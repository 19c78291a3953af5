/** What a filter says about each call, by architecture and number: the rules of config.json as runc reads them. @module */
import type { Seccomp, SeccompArg, SeccompRule } from "../../spec/types.ts";
import { effectiveRules } from "../../program/seccomp_rules.ts";
import { returnOf } from "./actions.ts";
import { type CallArchitecture, numberOf } from "./architectures.ts";
import { partOf } from "./multiplexed.ts";

/** Conditions that must all hold, and what is returned then. */
export interface ConditionalRule {
  /** On arguments. */
  readonly args: readonly SeccompArg[];
  /** SECCOMP_RET_*. */
  readonly ret: number;
}

/** What is said about a call. */
export interface CallRules {
  /** The first whose conditions hold decides. */
  readonly conditional: readonly ConditionalRule[];
  /** What is returned if none does. */
  readonly otherwise: number;
}

const PERMISSIVE: readonly string[] = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"];

class Collection {
  readonly conditional = new Map<number, ConditionalRule[]>();
  readonly whole = new Map<number, number>();

  add(number: number, args: readonly SeccompArg[], ret: number): void {
    if (args.length === 0) {
      if (!this.whole.has(number)) this.whole.set(number, ret);
      return;
    }
    const rules = this.conditional.get(number) ?? [];
    rules.push({ args, ret });
    this.conditional.set(number, rules);
  }

  /** The same call as a part of another one, whose arguments are in memory: a rule that allows must not go by what it cannot see. */
  addPart(name: string, { args, action }: SeccompRule, ret: number): void {
    const part = partOf(name);
    if (part === undefined || (args.length > 0 && PERMISSIVE.includes(action))) return;
    const value = BigInt(part.mask), valueTwo = BigInt(part.part);
    this.add(part.number, [{ index: 0, op: "SCMP_CMP_MASKED_EQ", value, valueTwo }], ret);
  }
}

/** What a filter says about the calls of an architecture; about all others it says what it says by default. */
export function rulesOf(filter: Seccomp, architecture: CallArchitecture): ReadonlyMap<number, CallRules> {
  const byDefault = returnOf(filter.defaultAction, filter.defaultErrnoRet);
  const all = new Collection();
  for (const rule of effectiveRules(filter)) {
    const ret = returnOf(rule.action, rule.errnoRet);
    for (const name of rule.names) {
      const number = numberOf(name, architecture);
      if (number !== undefined) all.add(number, rule.args, ret);
      if (architecture.table === "i386") all.addPart(name, rule, ret);
    }
  }
  // A rule for the whole call stands over those for some of its arguments, as with libseccomp.
  const rules = new Map<number, CallRules>();
  for (const [number, conditional] of all.conditional) {
    rules.set(number, { conditional, otherwise: byDefault });
  }
  for (const [number, otherwise] of all.whole) rules.set(number, { conditional: [], otherwise });
  return rules;
}
