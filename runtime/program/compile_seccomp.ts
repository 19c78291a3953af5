/** The filter of system calls (config-linux.md#seccomp). @module */
import { SECCOMP_FILTER_FLAG, SECCOMP_SET_MODE_FILTER } from "../abi/linux/seccomp.ts";
import type { Seccomp } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import { asksListener } from "./seccomp_rules.ts";

const { SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_TSYNC_ESRCH } =
  SECCOMP_FILTER_FLAG;

/** With a listener the call returns a descriptor, and cannot tell of threads in any other way (man 2 seccomp). */
function listenerFlags(flags: number): number {
  const threads = (flags & SECCOMP_FILTER_FLAG_TSYNC) === 0 ? 0 : SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  return flags | SECCOMP_FILTER_FLAG_NEW_LISTENER | threads;
}

/** Installs it: from here on the calls of the process itself are filtered, too. */
export function compileSeccomp(b: ProgramBuilder, filter: Seccomp | undefined): void {
  if (filter === undefined) return;
  const flags = (filter.flags ?? []).reduce(
    (all, name) => all | SECCOMP_FILTER_FLAG[name as keyof typeof SECCOMP_FILTER_FLAG],
    0,
  );
  const what = "installing the seccomp filter", rule = { spec: "config-linux.md#seccomp" };
  if (!asksListener(filter)) {
    b.call("seccomp", [SECCOMP_SET_MODE_FILTER, flags, { filter }], what, rule);
    return;
  }
  b.steps.push({ stage: "filter" });
  const fd = b.call("seccomp", [SECCOMP_SET_MODE_FILTER, listenerFlags(flags), { filter }], what, {
    ...{ keep: "listener", ...rule },
  });
  b.steps.push({ stage: "listener", fd });
}
