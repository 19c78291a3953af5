/** The filter of system calls (config-linux.md#seccomp). @module */
import { SECCOMP_FILTER_FLAG, SECCOMP_SET_MODE_FILTER } from "../abi/linux/seccomp.ts";
import type { Seccomp } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";

/** Installs it: from here on the calls of the process itself are filtered, too. */
export function compileSeccomp(b: ProgramBuilder, filter: Seccomp | undefined): void {
  if (filter === undefined) return;
  const flags = (filter.flags ?? []).reduce(
    (all, name) => all | SECCOMP_FILTER_FLAG[name as keyof typeof SECCOMP_FILTER_FLAG],
    0,
  );
  b.call("seccomp", [SECCOMP_SET_MODE_FILTER, flags, { filter }], "installing the seccomp filter", {
    spec: "config-linux.md#seccomp",
  });
}
