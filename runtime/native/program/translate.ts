/** Steps of a SyscallProgram as steps of a table. @module */
import type { CopyStep, StageStep, Step } from "../../program/types.ts";
import type { Architecture } from "../asm/machine.ts";
import type { NativeStep } from "../table/types.ts";
import { checkNode } from "./stat_check.ts";

/** What is done where a program meets the runtime. */
export interface Meetings {
  /** At a stage. */
  stage(step: StageStep): NativeStep[];
  /** For a copy, which is no system call. */
  copy(step: CopyStep, n: number): NativeStep[];
}

/** Translates steps. */
export function translate(
  steps: readonly Step[],
  architecture: Architecture,
  meetings: Meetings,
): NativeStep[] {
  return steps.flatMap((step, n): NativeStep[] => {
    if ("stage" in step) return meetings.stage(step);
    if ("copy" in step) return meetings.copy(step, n);
    if ("call" in step && step.call === "newfstatat") return checkNode(step, n, architecture);
    return [step];
  });
}

/** Where a program has no meetings. */
export const NO_MEETINGS: Meetings = {
  stage: ({ stage }) => {
    throw new TypeError(`program: a stage ${stage} where there can be none`);
  },
  copy: ({ what }) => {
    throw new TypeError(`program: ${what}: a copy where there can be none`);
  },
};
