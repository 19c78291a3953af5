/** The rules of a filter as runc and crun read them, whatever they are then made into. @module */
import { EPERM } from "../../fs/abi/errno.ts";
import type { Seccomp, SeccompArg, SeccompRule } from "../spec/types.ts";

/** A flag that Linux takes only of filters with a listener (man 2 seccomp). */
export const OF_LISTENERS = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";

/** True if calls are to be answered by a listener (config-linux.md#seccomp, SCMP_ACT_NOTIFY). */
export function asksListener({ defaultAction, syscalls }: Seccomp): boolean {
  return [defaultAction, ...syscalls.map(({ action }) => action)].includes("SCMP_ACT_NOTIFY");
}

const WITH_ERRNO: readonly string[] = ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"];

/** An action with its number, one text for each thing that can be done. */
function outcome(action: string, errnoRet: number = EPERM): string {
  const name = action === "SCMP_ACT_KILL" ? "SCMP_ACT_KILL_THREAD" : action; // an alias of it
  return WITH_ERRNO.includes(action) ? `${name} ${errnoRet}` : name;
}

/** True if more than one condition is about the same argument. */
const areAlternatives = (args: readonly SeccompArg[]): boolean =>
  new Set(args.map(({ index }) => index)).size < args.length;

/**
 * The rules that count: those that do what is done by default are passed over, and conditions of which more than one is about the same argument are
 * rules of their own, one of which is enough.
 */
export function effectiveRules({ defaultAction, defaultErrnoRet, syscalls }: Seccomp): SeccompRule[] {
  const byDefault = outcome(defaultAction, defaultErrnoRet);
  return syscalls.filter(({ action, errnoRet }) => outcome(action, errnoRet) !== byDefault)
    .flatMap((rule) =>
      areAlternatives(rule.args) ? rule.args.map((arg) => ({ ...rule, args: [arg] })) : [rule]
    );
}
