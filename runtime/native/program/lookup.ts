/** The search for the program before the container is created, so that create can say that there is none. @module */
import { AT_FDCWD, X_OK } from "../../../fs/abi/open.ts";
import { ProgramBuilder } from "../../program/builder.ts";
import { compileExec } from "../../program/compile_process.ts";
import type { Process } from "../../spec/types.ts";
import type { NativeStep } from "../table/types.ts";

/** Looks for what execve will execute. The steps are those of the search itself, with a look in place of each execve. */
export function lookUpProgram(process: Process): NativeStep[] {
  const b = new ProgramBuilder("lookup");
  compileExec(b, process);
  const own = (label: string): string => label === "ignore" ? label : `lookup ${label}`;
  const found = own("found");
  const steps = b.steps.flatMap((step): NativeStep[] => {
    if ("label" in step) return [{ label: own(step.label) }];
    if ("jump" in step) return [{ jump: own(step.jump) }];
    if ("fail" in step) return [step];
    if (!("call" in step)) throw new TypeError("the search for a program has calls only");
    const { onError, ...rest } = step;
    const other = onError === undefined ? {} : { onError: own(onError) };
    if (step.call !== "execve") return [{ ...rest, ...other }];
    return [
      { call: "faccessat2", args: [AT_FDCWD, step.args[0]!, X_OK, 0], what: step.what, ...other },
      { jump: found },
    ];
  });
  return [...steps, { label: found }];
}
