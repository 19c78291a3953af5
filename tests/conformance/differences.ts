/** Where a runtime is known not to do what a case asks, each with its reason. A case that passes all the same is an error, too. @module */
import { CRUN_DIFFERENCES } from "./differences_crun.ts";
import { NATIVE_DIFFERENCES } from "./differences_native.ts";
import { RUNC_DIFFERENCES } from "./differences_runc.ts";
import { SANDBOX_DIFFERENCES } from "./differences_sandbox.ts";

/** A reason, and the cases that it is for: names by subject. */
export interface Differences {
  /** Why it is so. */
  readonly reason: string;
  /** The cases. */
  readonly cases: Readonly<Record<string, readonly string[]>>;
}

/** A case that is known to differ. */
export interface Difference {
  readonly subject: string;
  readonly name: string;
  readonly reason: string;
}

const BY_RUNTIME: Readonly<Record<string, readonly Differences[]>> = {
  sandbox: SANDBOX_DIFFERENCES,
  native: NATIVE_DIFFERENCES,
  runc: RUNC_DIFFERENCES,
  crun: CRUN_DIFFERENCES,
};

/** Those of a runtime. */
export function differencesOf(runtime: string): Difference[] {
  return (BY_RUNTIME[runtime] ?? []).flatMap(({ reason, cases }) =>
    Object.entries(cases).flatMap(([subject, names]) => names.map((name) => ({ subject, name, reason })))
  );
}
