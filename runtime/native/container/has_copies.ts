/** Whether an init will ask for copies: what most do not need is not loaded. @module */
import type { SyscallProgram } from "../../program/types.ts";

/** True if it will. */
export const hasCopies = ({ init }: SyscallProgram): boolean => init.some((step) => "copy" in step);
