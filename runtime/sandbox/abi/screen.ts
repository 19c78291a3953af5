/** Seccomp filters before the functions of a personality. A function that the filters do not touch stays what it is. @module */
import { SIGNAL } from "../../abi/linux/signal.ts";
import { exited } from "../../abi/linux/wait_status.ts";
import { dependsOnArguments, judge, type Verdict } from "../kernel/seccomp.ts";
import type { Task } from "../kernel/task.ts";
import { linuxCallOf } from "./linux_calls.ts";
import { END_GUEST, type PlainFunction } from "./shim.ts";
import { toWasi } from "./wasi_p1/errno.ts";

/** Functions that do not come back, whatever happens: a program whose exec fails ends (see wasix/interface.ts). */
const NEVER_RETURN: readonly string[] = ["proc_exec", "proc_exec2"];
/** Exit code of a program that cannot be executed. */
const CANNOT_EXECUTE = 126;

/** Puts the filters of a task before functions; null where it has none. `exit` ends the program with a wait status. */
export function screenOf(
  task: Task,
  exit: (status: number) => void,
): ((functions: Record<string, PlainFunction>) => Record<string, PlainFunction>) | null {
  if (task.seccomp.filters === 0) return null;
  const logged = new Set<string>();

  function enforce(verdict: Verdict, call: string, name: string): number | undefined {
    if (verdict.log && !logged.has(call)) {
      logged.add(call);
      task.kernel.audit(`seccomp: ${task.comm}[${task.pid}]: ${call}: ${verdict.kind}`);
    }
    if (verdict.kind === "allow") return undefined;
    if (verdict.kind === "errno") {
      if (!NEVER_RETURN.includes(name)) return toWasi(-verdict.errno);
      exit(exited(CANNOT_EXECUTE));
      return END_GUEST;
    }
    task.raise(SIGNAL.SIGSYS);
    return END_GUEST;
  }

  function screened(name: string, f: PlainFunction): PlainFunction {
    const call = linuxCallOf(name);
    if (call === undefined) return f;
    const { name: first, then } = call;
    const ask = (args: readonly number[]): Verdict => {
      const verdict = judge(task.seccomp, first, call.args(args));
      return verdict.kind === "allow" && then !== undefined ? judge(task.seccomp, then, []) : verdict;
    };
    if (dependsOnArguments(task.seccomp, first)) {
      return (...args) => enforce(ask(args), first, name) ?? f(...args);
    }
    const verdict = ask([]);
    if (verdict.kind === "allow" && !verdict.log) return f;
    return (...args) => enforce(verdict, first, name) ?? f(...args);
  }

  return (functions) =>
    Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, screened(name, f)]));
}
