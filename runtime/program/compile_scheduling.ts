/** How a process is scheduled, and what kind of Linux it finds (config.md#linux-process, config-linux.md#personality, #memory-policy). @module */
import {
  IOPRIO_CLASS,
  IOPRIO_CLASS_SHIFT,
  IOPRIO_WHO_PGRP,
  MPOL,
  MPOL_F,
  PER,
  SCHED,
  SCHED_FLAG,
} from "../abi/linux/sched.ts";
import type { IoPriority, LinuxSpec, MemoryPolicy, Process, Scheduler } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";

const bits = (names: readonly string[], of: Readonly<Record<string, number>>): number =>
  names.reduce((all, name) => all | of[name]!, 0);

function compileScheduler(b: ProgramBuilder, scheduler: Scheduler): void {
  const attr = {
    sched_policy: SCHED[scheduler.policy as keyof typeof SCHED],
    sched_flags: bits(scheduler.flags, SCHED_FLAG),
    sched_nice: scheduler.nice,
    sched_priority: scheduler.priority,
    sched_runtime: scheduler.runtime,
    sched_deadline: scheduler.deadline,
    sched_period: scheduler.period,
  };
  b.call("sched_setattr", [0, attr, 0], `setting the scheduling policy ${scheduler.policy}`, {
    spec: "config.md#linux-process",
  });
}

function compileIoPriority(b: ProgramBuilder, { class: name, priority }: IoPriority): void {
  const value = IOPRIO_CLASS[name as keyof typeof IOPRIO_CLASS] << IOPRIO_CLASS_SHIFT | priority;
  b.call("ioprio_set", [IOPRIO_WHO_PGRP, 0, value], `setting the I/O priority ${name} ${priority}`, {
    spec: "config.md#linux-process",
  });
}

/** Scheduling of one process; while it may still raise itself. */
export function compileScheduling(b: ProgramBuilder, { scheduler, ioPriority }: Process): void {
  if (scheduler !== undefined) compileScheduler(b, scheduler);
  if (ioPriority !== undefined) compileIoPriority(b, ioPriority);
}

/** "0-3,7" as [0, 1, 2, 3, 7]. */
function numbersOf(list: string): number[] {
  return list.split(",").filter((part) => part !== "").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

function compileMemoryPolicy(b: ProgramBuilder, { mode, nodes, flags }: MemoryPolicy): void {
  const value = MPOL[mode as keyof typeof MPOL] | bits(flags, MPOL_F);
  b.call("set_mempolicy", [value, numbersOf(nodes)], `setting the memory policy ${mode}`, {
    spec: "config-linux.md#memory-policy",
  });
}

/** What all processes of a container inherit from its init. */
export function compileDomain(b: ProgramBuilder, { personality, memoryPolicy }: LinuxSpec): void {
  if (personality !== undefined) {
    b.call("personality", [PER[personality.domain]], `setting the execution domain ${personality.domain}`, {
      spec: "config-linux.md#personality",
    });
  }
  if (memoryPolicy !== undefined) compileMemoryPolicy(b, memoryPolicy);
}
