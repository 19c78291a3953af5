/** Seccomp filters before the functions of a personality. A function that the filters do not touch stays what it is. @module */
import { SIGNAL } from "../../abi/linux/signal.ts";
import { dependsOnArguments, judge, type Verdict } from "../kernel/seccomp.ts";
import type { Task } from "../kernel/task.ts";
import { linuxCallOf } from "./linux_calls.ts";
import { END_GUEST, type PlainFunction } from "./shim.ts";
import { toWasi } from "./wasi_p1/errno.ts";

/** Puts the filters of a task before functions; null where it has none. */
export function screenOf(
  task: Task,
): ((functions: Record<string, PlainFunction>) => typeof functions) | null {
  if (task.seccomp.filters === 0) return null;
  const logged = new Set<string>();

  function enforce(verdict: Verdict, call: string): number | undefined {
    if (verdict.log && !logged.has(call)) {
      logged.add(call);
      task.kernel.audit(`seccomp: ${task.comm}[${task.pid}]: ${call}: ${verdict.kind}`);
    }
    if (verdict.kind === "allow") return undefined;
    if (verdict.kind === "errno") return toWasi(-verdict.errno);
    task.raise(SIGNAL.SIGSYS);
    return END_GUEST;
  }

  function screened(name: string, f: PlainFunction): PlainFunction {
    const call = linuxCallOf(name);
    if (call === undefined) return f;
    if (dependsOnArguments(task.seccomp, call.name)) {
      return (...args) => enforce(judge(task.seccomp, call.name, call.args(args)), call.name) ?? f(...args);
    }
    const verdict = judge(task.seccomp, call.name, []);
    if (verdict.kind === "allow" && !verdict.log) return f;
    return (...args) => enforce(verdict, call.name) ?? f(...args);
  }

  return (functions) =>
    Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, screened(name, f)]));
}
