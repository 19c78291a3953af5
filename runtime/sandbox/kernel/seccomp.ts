/**
 * Filters of system calls (man 2 seccomp), as config.json describes them: rules by the names of Linux's calls. Personalities ask what a filter
 * says about the call that a function of theirs stands for.
 * @module
 */
import { EACCES, EINVAL, ENOSYS, EPERM } from "../../../fs/abi/errno.ts";
import { CAP_SYS_ADMIN } from "../../../fs/vfs/cred.ts";
import {
  SECCOMP_FILTER_FLAG,
  SECCOMP_MODE_DISABLED,
  SECCOMP_MODE_FILTER,
  SECCOMP_SET_MODE_FILTER,
} from "../../abi/linux/seccomp.ts";
import { effectiveRules } from "../../program/seccomp_rules.ts";
import type { Seccomp, SeccompArg, SeccompRule } from "../../spec/types.ts";
import type { Task } from "./task.ts";

/** What a task is filtered by. */
export interface SeccompState {
  /** As /proc/PID/status has it. */
  readonly mode: number;
  /** How many filters there are. */
  readonly filters: number;
  /** The filters, the newest last. */
  readonly programs: readonly Seccomp[];
}

/** A task without filters. */
export const NO_SECCOMP: SeccompState = { mode: SECCOMP_MODE_DISABLED, filters: 0, programs: [] };

/** What happens to a call: it is made, it fails with an errno, or it ends the process with SIGSYS. */
export type Verdict =
  | { readonly kind: "allow" | "kill"; readonly log: boolean }
  | { readonly kind: "errno"; readonly errno: number; readonly log: boolean };

/** Actions, the strongest first: of several filters the strongest decides. */
const STRENGTH: readonly Verdict["kind"][] = ["kill", "errno", "allow"];

/** An argument of a call; undefined where the personality's function has no such argument. */
export type CallArgument = number | bigint | undefined;

function compare({ op, value, valueTwo }: SeccompArg, actual: bigint): boolean {
  switch (op) {
    case "SCMP_CMP_NE":
      return actual !== value;
    case "SCMP_CMP_LT":
      return actual < value;
    case "SCMP_CMP_LE":
      return actual <= value;
    case "SCMP_CMP_EQ":
      return actual === value;
    case "SCMP_CMP_GE":
      return actual >= value;
    case "SCMP_CMP_GT":
      return actual > value;
    default: // SCMP_CMP_MASKED_EQ
      return (actual & value) === valueTwo;
  }
}

function verdictOf(action: string, errno: number | undefined, logs: boolean): Verdict {
  switch (action) {
    case "SCMP_ACT_ALLOW":
      return { kind: "allow", log: false };
    case "SCMP_ACT_LOG":
      return { kind: "allow", log: true };
    case "SCMP_ACT_ERRNO":
      return { kind: "errno", errno: errno ?? EPERM, log: logs };
    case "SCMP_ACT_TRACE": // "If there is no tracer, the call is not executed and ENOSYS is returned"
      return { kind: "errno", errno: ENOSYS, log: logs };
    default:
      return { kind: "kill", log: true };
  }
}

/** An argument that there is not counts against the program: rules that forbid apply, rules that allow do not. */
function applies(rule: SeccompRule, args: readonly CallArgument[]): boolean {
  const allows = rule.action === "SCMP_ACT_ALLOW" || rule.action === "SCMP_ACT_LOG";
  return rule.args.every((each) => {
    const actual = args[each.index];
    return actual === undefined ? !allows : compare(each, BigInt.asUintN(64, BigInt(actual)));
  });
}

const effective = new WeakMap<Seccomp, readonly SeccompRule[]>();

function rulesOf(filter: Seccomp): readonly SeccompRule[] {
  const rules = effective.get(filter) ?? effectiveRules(filter);
  effective.set(filter, rules);
  return rules;
}

function ask(filter: Seccomp, call: string, args: readonly CallArgument[]): Verdict {
  const logs = (filter.flags ?? []).includes("SECCOMP_FILTER_FLAG_LOG");
  const rules = rulesOf(filter).filter(({ names }) => names.includes(call));
  // A rule for the whole call stands over those for some of its arguments, as with libseccomp.
  const rule = rules.find((each) => each.args.length === 0) ?? rules.find((each) => applies(each, args));
  return rule === undefined
    ? verdictOf(filter.defaultAction, filter.defaultErrnoRet, logs)
    : verdictOf(rule.action, rule.errnoRet, logs);
}

/** What the filters of a task say about a call. */
export function judge({ programs }: SeccompState, call: string, args: readonly CallArgument[]): Verdict {
  return programs.map((filter) => ask(filter, call, args)).reduce<Verdict>(
    (one, other) => STRENGTH.indexOf(other.kind) <= STRENGTH.indexOf(one.kind) ? other : one,
    { kind: "allow", log: false },
  );
}

/** Does what the filters say about a call depend on its arguments? */
export function dependsOnArguments({ programs }: SeccompState, call: string): boolean {
  return programs.some(({ syscalls }) =>
    syscalls.some(({ names, args }) => args.length > 0 && names.includes(call))
  );
}

const FLAGS = Object.values(SECCOMP_FILTER_FLAG).reduce<number>((all, flag) => all | flag, 0);

/** seccomp(2): adds a filter to the caller's. There are no listeners. */
export function setFilter(task: Task, operation: number, flags: number, filter: Seccomp): number {
  if (operation !== SECCOMP_SET_MODE_FILTER || (flags & ~FLAGS) !== 0) return -EINVAL;
  if ((flags & SECCOMP_FILTER_FLAG.SECCOMP_FILTER_FLAG_NEW_LISTENER) !== 0) return -EINVAL;
  if (!task.cred.fields.noNewPrivs && !task.cred.capable(CAP_SYS_ADMIN)) return -EACCES;
  const programs = [...task.seccomp.programs, filter];
  task.seccomp = { mode: SECCOMP_MODE_FILTER, filters: programs.length, programs };
  return 0;
}
