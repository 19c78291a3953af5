/** Runs a SyscallProgram on the userland kernel. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { CLONE_CLEAR_SIGHAND, CLONE_PARENT } from "../../abi/linux/clone.ts";
import type { VPath } from "../../../fs/vfs/dentry.ts";
import type {
  Arg,
  CallStep,
  CopyStep,
  Ref,
  StageStep,
  Step,
  SyscallName,
  SyscallProgram,
} from "../../program/types.ts";
import type { LoadedImage } from "./binfmt.ts";
import { execve } from "./execve.ts";
import type { FdTable } from "./fd_table.ts";
import type { Kernel } from "./kernel.ts";
import { Arguments } from "./syscalls/arguments.ts";
import { cgroupCalls } from "./syscalls/cgroup.ts";
import { copyBelow } from "./copy_below.ts";
import { fileCalls, type Syscall } from "./syscalls/file.ts";
import { mountCalls } from "./syscalls/mount.ts";
import { processCalls } from "./syscalls/process.ts";
import { terminalCalls } from "./syscalls/terminal.ts";
import type { Task } from "./task.ts";
import { clone } from "./task_clone.ts";

/** Why a program ended before its process began. */
export class ProgramError extends Error {
  /** `errno` (positive) in the step named by the message; `call` is the system call, if it was one. */
  constructor(message: string, readonly errno: number, readonly call: SyscallName | null) {
    super(message);
    this.name = "ProgramError";
  }
}

/** A container's first process, ready to run. */
export interface ReadyProcess {
  /** Its task. */
  readonly task: Task;
  /** Its program. */
  readonly image: LoadedImage;
}

const CALLS: Readonly<Partial<Record<SyscallName, Syscall>>> = {
  ...fileCalls,
  ...mountCalls,
  ...cgroupCalls,
  ...processCalls,
  ...terminalCalls,
};

/** Makes the init task with new namespaces as `flags` say (man 2 clone), beside `maker` and with these descriptors. */
export function cloneInit(maker: Task, flags: number, files: FdTable): Task {
  const beside = maker === maker.kernel.swapper ? 0 : CLONE_PARENT;
  const task = clone(maker, { flags: (flags | beside) + CLONE_CLEAR_SIGHAND });
  if (typeof task === "number") {
    throw new ProgramError(`making the first process: ${errnoText(-task)}`, -task, null);
  }
  task.files.release();
  task.files = files;
  task.driven = true;
  return task;
}

/** State of one run: the results of earlier steps. */
class Run {
  readonly results = new Map<string, number>();
  image: LoadedImage | null = null;

  /** A run in `task`, of steps that may speak of its `child`. */
  constructor(readonly task: Task, readonly child: Task | null) {}

  #resolve(arg: Arg): Arg {
    if (typeof arg !== "object" || arg === null) return arg;
    if ("pidOf" in arg) return String(this.child?.id.in(this.task.pidNs) ?? 0);
    if ("child" in arg) return `/proc/${this.child?.id.in(this.task.pidNs) ?? "self"}/${arg.child}`;
    if (!("ref" in arg)) return arg;
    const value = this.results.get(arg.ref);
    if (value === undefined) {
      throw new TypeError(`program: no step has stored a result as ${JSON.stringify(arg.ref)}`);
    }
    return value;
  }

  /** Copies a directory (tmpcopyup). */
  copy({ copy: { from, to }, what }: CopyStep): void {
    const place = (ref: Ref): VPath =>
      this.task.files.get(this.#resolve(ref) as number)!.file as unknown as VPath;
    const error = copyBelow(this.task, place(from), place(to));
    if (error < 0) throw new ProgramError(`${what}: ${errnoText(-error)}`, -error, null);
  }

  /** The descriptor a stage is about; -1 if it is about none. */
  descriptor({ fd }: StageStep): number {
    return fd === undefined ? -1 : this.#resolve(fd) as number;
  }

  /** Makes one call. Its result or a negative errno. */
  async call(step: CallStep): Promise<number> {
    const args = new Arguments(step.call, step.args.map((arg) => this.#resolve(arg)));
    if (step.call === "execve") {
      const image = await execve(this.task, args.string(0), args.strings(1), args.strings(2));
      if (typeof image === "number") return image;
      this.image = image;
      return 0;
    }
    const call = CALLS[step.call];
    if (call === undefined) throw new TypeError(`program: the kernel has no system call ${step.call}`);
    return await call(this.task, args);
  }
}

function labels(steps: readonly Step[]): Map<string, number> {
  const at = new Map<string, number>();
  steps.forEach((step, i) => {
    if ("label" in step) at.set(step.label, i);
  });
  return at;
}

/** Is awaited at each stage of a program; `fd` is the descriptor that belongs to the stage, -1 for none. */
export type Stages = (stage: StageStep["stage"], task: Task, fd: number) => Promise<void>;

const noStages: Stages = () => Promise.resolve();

/** Runs a program to its execve in a task that is there already. Rejects with a ProgramError when a step fails. */
export function runInTask(
  task: Task,
  program: SyscallProgram,
  stages: Stages = noStages,
): Promise<ReadyProcess> {
  return runToExec(task, program.init, stages);
}

/**
 * Runs a program to its execve in a new init task that has `files`. `stages` is awaited at each of its stages.
 * Rejects with a ProgramError when a step fails; the task is gone then.
 */
export async function runProgram(
  kernel: Kernel,
  program: SyscallProgram,
  files: FdTable,
  stages: Stages = noStages,
): Promise<ReadyProcess> {
  const task = await makeInit(kernel, program, files);
  try {
    return await runToExec(task, program.init, stages);
  } catch (error) {
    task.exit(task.dying ? task.exitStatus! : 127 << 8); // a signal that ends it meanwhile is why the step has failed
    throw error;
  }
}

/** The init, in its namespaces, before its first step. */
async function makeInit(kernel: Kernel, program: SyscallProgram, files: FdTable): Promise<Task> {
  const { before = [], cloneFlags, parent = [] } = program;
  const maker = before.length === 0 ? kernel.swapper : kernel.spawn();
  try {
    await runSteps(maker, before, noStages, null);
    const task = cloneInit(maker, cloneFlags, files);
    try {
      await runSteps(kernel.swapper, parent, noStages, task);
    } catch (error) {
      task.exit(127 << 8);
      throw error;
    }
    return task;
  } finally {
    if (maker !== kernel.swapper) maker.exit(0);
  }
}

/** Runs steps that end with an execve. */
async function runToExec(task: Task, steps: readonly Step[], stages: Stages): Promise<ReadyProcess> {
  const image = await runSteps(task, steps, stages, null);
  if (image === null) throw new TypeError("program: it ends without an execve");
  return { task, image };
}

/** Runs steps in a task, up to an execve: what that loaded, or null when there was none. `child` is whose files the steps may name. */
async function runSteps(
  task: Task,
  steps: readonly Step[],
  stages: Stages,
  child: Task | null,
): Promise<LoadedImage | null> {
  const run = new Run(task, child);
  const targets = labels(steps);
  const jump = (label: string): number => {
    const at = targets.get(label);
    if (at === undefined) throw new TypeError(`program: no label ${JSON.stringify(label)}`);
    return at;
  };
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if ("jump" in step) i = jump(step.jump);
    else if ("stage" in step) await stages(step.stage, task, run.descriptor(step));
    else if ("copy" in step) run.copy(step);
    else if ("fail" in step) throw new ProgramError(step.what, step.fail, null);
    else if ("call" in step) {
      const result = await run.call(step);
      if (run.image !== null) return run.image;
      if (result >= 0) {
        if (step.result !== undefined) run.results.set(step.result, result);
      } else if (step.ok?.includes(-result)) continue;
      else if (step.onError === "ignore") continue;
      else if (step.onError !== undefined && (step.errors?.includes(-result) ?? true)) i = jump(step.onError);
      else {
        const why = step.call === "execve" && task.execMessage !== "" ? task.execMessage : errnoText(-result);
        throw new ProgramError(`${step.what}: ${why}`, -result, step.call);
      }
    }
  }
  return null;
}
