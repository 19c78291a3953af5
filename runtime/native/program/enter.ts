/** Programs of processes that join a running container: those of exec, and hooks in its namespaces. @module */
import { EINVAL } from "../../../fs/abi/errno.ts";
import { CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import { cloneFlagsOf } from "../../program/compile_namespaces.ts";
import type { SyscallProgram } from "../../program/types.ts";
import type { ExecCpuAffinity, NamespaceSpec, Process } from "../../spec/types.ts";
import type { Architecture } from "../asm/machine.ts";
import { compileTable, type Table } from "../table/compile_table.ts";
import { cpuMask } from "../table/structs.ts";
import type { NativeStep } from "../table/types.ts";
import {
  checkDirectory,
  closeAllBut,
  closeAtExec,
  continueInSibling,
  hide,
  resetSignals,
  setName,
} from "./common.ts";
import { joinCgroups, type JoinedCgroup } from "./cgroups.ts";
import { labelSteps } from "./labels.ts";
import { handOutListener } from "./listener.ts";
import { SAYS } from "./message.ts";
import { awaitByte, FATAL_STEPS, reportTo, say } from "./protocol.ts";
import { sendDescriptor } from "./terminal.ts";
import { translate } from "./translate.ts";

/** Whom to join, and how to talk to the runtime. */
export interface EnterRequest {
  /** CLONE_NEW* of the namespaces. */
  readonly namespaces: number;
  /** Descriptor of the process whose namespaces they are. */
  readonly pidfd: number;
  /** Where it writes what it has to say. */
  readonly report: number;
  /** Where it reads that it may go on. */
  readonly sync: number;
  /** Cgroups that it puts itself into. */
  readonly cgroups: readonly JoinedCgroup[];
  /** CPUs before and after it is put where the container's processes are. */
  readonly affinity?: ExecCpuAffinity;
  /** The process that it becomes, where it has labels of its own. */
  readonly process?: Process;
  /** For whom. */
  readonly architecture: Architecture;
}

/** Restricts the process to a list of CPUs (config.md#linux-process, execCPUAffinity). */
function onCpus(list: string | undefined): NativeStep[] {
  if (list === undefined) return [];
  const mask = cpuMask(list);
  return [{
    native: "sched_setaffinity",
    args: [0, mask.length, { bytes: mask }],
    what: `restricting the process to the CPUs ${list}`,
  }];
}

/** CLONE_NEW* of all namespaces of a container. */
export function namespaceFlags(namespaces: readonly NamespaceSpec[]): number {
  return namespaces.reduce((flags, { type }) => flags | namespaceFlag(type), 0);
}

const namespaceFlag = (type: NamespaceSpec["type"]): number => {
  const own: Partial<Record<NamespaceSpec["type"], number>> = { cgroup: 0x2000000, time: 0x80 };
  return own[type] ?? cloneFlagsOf([{ type }]);
};

/** Joins the namespaces; what follows is done by a process in them. */
function enter({ namespaces, pidfd, report, sync, cgroups, affinity, process }: EnterRequest): NativeStep[] {
  const root = "becoming root of the user namespace";
  return [
    setName("umiak-exec"),
    reportTo(report),
    ...resetSignals(),
    ...process === undefined ? [] : labelSteps(process, false),
    ...onCpus(affinity?.initial),
    // "before the process is moved to the container's cgroup" (config.md#linux-process, execCPUAffinity).
    ...affinity?.initial === undefined ? [] : [say(SAYS.environment)],
    ...awaitByte(sync, "beginning"),
    ...joinCgroups(cgroups),
    ...onCpus(affinity?.final),
    hide(),
    { native: "setns", args: [pidfd, namespaces], what: "joining the container's namespaces" },
    ...continueInSibling(0),
    ...(namespaces & CLONE_NEWUSER) === 0 ? [] : [
      { call: "setresgid", args: [0, 0, 0], what: root, ok: [EINVAL] } satisfies NativeStep,
      { call: "setresuid", args: [0, 0, 0], what: root, ok: [EINVAL] } satisfies NativeStep,
    ],
  ];
}

/** What exec runs. */
export interface ExecRequest extends EnterRequest {
  /** What it has to do. */
  readonly program: SyscallProgram;
  /** Its process. */
  readonly process: Process;
  /** The socket that gets its terminal. */
  readonly console?: number;
  /** The socket that gets the listener of its filter. */
  readonly listener?: number;
  /** How many descriptors from 3 on it gets. */
  readonly preserveFds: number;
}

/** The table of a process of exec. */
export function execTable(request: ExecRequest): Table {
  const { program: { init }, process, console, preserveFds, report, sync, listener, architecture } = request;
  const first = 3 + preserveFds;
  const meetings = {
    stage: ({ stage, fd }: { stage: string; fd?: { ref: string } }): NativeStep[] => {
      if (stage === "filter") return handOutListener(listener!, report);
      if (stage === "listener") return awaitByte(sync, stage);
      if (stage !== "terminal") throw new TypeError(`program: a stage ${stage} of exec`);
      return console === undefined ? [] : sendDescriptor(console, fd!);
    },
    copy: (): never => {
      throw new TypeError("program: a copy of exec");
    },
  };
  const chdir = init.findLastIndex((step) => "call" in step && step.call === "chdir");
  return compileTable(
    [
      ...enter(request),
      ...translate(init.slice(0, chdir), architecture, meetings),
      ...closeAllBut(first, listener === undefined ? [report] : [report, sync, listener]),
      ...translate(init.slice(chdir, chdir + 1), architecture, meetings),
      ...checkDirectory(process.cwd),
      closeAtExec(first),
      ...translate(init.slice(chdir + 1), architecture, meetings),
    ],
    FATAL_STEPS,
    architecture,
  );
}

/** A program to run in the namespaces. */
export interface HookRequest extends EnterRequest {
  /** Its path there. */
  readonly path: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Its environment. */
  readonly env: readonly string[];
  /** Its standard input, output and error. */
  readonly streams: readonly [number, number, number];
}

/** The table of a hook. */
export function hookTable(request: HookRequest): Table {
  const { path, args, env, streams, architecture } = request;
  const what = "preparing a hook";
  return compileTable(
    [
      ...enter(request),
      ...streams.map((fd, i): NativeStep => ({ native: "dup3", args: [fd, i, 0], what })),
      { call: "chdir", args: ["/"], what },
      closeAtExec(3),
      { call: "setsid", args: [], what },
      { call: "execve", args: [path, args, env], what: "executing it" },
    ],
    FATAL_STEPS,
    architecture,
  );
}
