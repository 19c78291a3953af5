/** The program of a container's init, from its first instruction to its execve. @module */
import { ENOSYS } from "../../../fs/abi/errno.ts";
import { CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import { PR_SET_PDEATHSIG } from "../../abi/linux/prctl.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "../../../fs/abi/open.ts";
import type { CopyStep, Step, SyscallProgram } from "../../program/types.ts";
import type { Process, Spec } from "../../spec/types.ts";
import type { Architecture } from "../asm/machine.ts";
import { compileTable, type Table } from "../table/compile_table.ts";
import { type NativeStep, ref } from "../table/types.ts";
import {
  checkDirectory,
  closeAllBut,
  closeAtExec,
  continueInSibling,
  hide,
  isInSteps,
  resetSignals,
  setName,
  show,
} from "./common.ts";
import { joinCgroups, type JoinedCgroup } from "./cgroups.ts";
import { labelSteps } from "./labels.ts";
import { handOutListener } from "./listener.ts";
import { lookUpProgram } from "./lookup.ts";
import { loopbackUp } from "./network.ts";
import { SAYS } from "./message.ts";
import { awaitByte, FATAL_STEPS, reportTo, say } from "./protocol.ts";
import { sendDescriptors } from "./send_descriptors.ts";
import { sendDescriptor } from "./terminal.ts";
import { translate } from "./translate.ts";

const KEYCTL_JOIN_SESSION_KEYRING = 1;

/** Descriptors of an init: numbers that it has in common with the runtime. */
export interface InitDescriptors {
  /** Where it writes what it has to say. */
  readonly report: number;
  /** Where it reads that it may go on. */
  readonly sync: number;
  /** Where it reads that it is to be started. */
  readonly start: number;
  /** Where it writes why it could not be started. */
  readonly result: number;
  /** The socket that gets its terminal. */
  readonly console?: number;
  /** The socket that gets the listener of its filter. */
  readonly listener?: number;
  /** The socket that gets the directories of copies. */
  readonly copies?: number;
  /** Cgroups that it puts itself into. */
  readonly cgroups: readonly JoinedCgroup[];
}

/** What an init is made of. */
export interface InitRequest {
  /** What it has to do. */
  readonly program: SyscallProgram;
  /** Why. */
  readonly spec: Spec;
  /** Its process. */
  readonly process: Process;
  /** Its descriptors. */
  readonly descriptors: InitDescriptors;
  /** How many descriptors from 3 on its process gets. */
  readonly preserveFds: number;
  /** It is killed when the thread that has started it ends (man 2 PR_SET_PDEATHSIG). */
  readonly endsWithCaller?: boolean;
  /** Hooks join it by an ordinary user, who may not look into a process that is hidden. */
  readonly shownToHooks: boolean;
  /** Name of a session keyring to make; undefined to keep the runtime's. */
  readonly keyring?: string;
  /** For whom. */
  readonly architecture: Architecture;
}

/** A new time namespace is entered by execve only since Linux 6.3: this enters it before. */
function enterTimeNamespace(): NativeStep[] {
  const what = "entering the time namespace";
  const how = { flags: O_RDONLY | O_CLOEXEC, mode: 0, resolve: 0 };
  return [
    { call: "openat2", args: [AT_FDCWD, "/proc/self/ns/time_for_children", how], what, result: "timens" },
    { call: "setns", args: [ref("timens"), CLONE_NEWTIME], what },
    { call: "close", args: [ref("timens")], what },
  ];
}

/** The kernel kills this process when its parent has ended: one that has ended already closes what is read next. */
function endWithCaller(): NativeStep {
  return {
    call: "prctl",
    args: [PR_SET_PDEATHSIG, SIGNAL.SIGKILL, 0, 0, 0],
    what: "ending with the runtime",
  };
}

/** What Linux wants to be done between the namespaces and the session. */
function ownNamespaces({ spec, keyring }: InitRequest): NativeStep[] {
  const isNew = (type: string): boolean =>
    spec.linux.namespaces.some((each) => each.type === type && each.path === undefined);
  return [
    ...isNew("time") ? enterTimeNamespace() : [],
    ...isNew("network") ? loopbackUp() : [],
    hide(),
    ...keyring === undefined ? [] : [
      {
        native: "keyctl",
        args: [KEYCTL_JOIN_SESSION_KEYRING, keyring],
        what: "making a session keyring",
        ok: [ENOSYS],
      } satisfies NativeStep,
    ],
  ];
}

/**
 * Namespaces that are made by root of a user namespace, not by whoever is not yet mapped: what they have belongs to their maker (the root of
 * mqueue, for one).
 */
function laterNamespaces({ spec, program: { cloneFlags } }: InitRequest): number {
  const inUserNamespace = spec.linux.namespaces.some(({ type }) => type === "user");
  return inUserNamespace ? cloneFlags & ~(CLONE_NEWUSER | CLONE_NEWPID) : 0;
}

/** The first steps of a program: after it has become root of a user namespace, the namespaces that waited for that. */
function beginning(steps: readonly Step[], later: number): readonly Step[] {
  if (later === 0) return steps;
  const root = steps.findLastIndex((step) => isCall(step, "setresuid"));
  const unshare: Step = { call: "unshare", args: [later], what: "making namespaces" };
  return [...steps.slice(0, root + 1), unshare, ...steps.slice(root + 1)];
}

const isCall = (step: Step | undefined, call: string): boolean =>
  step !== undefined && "call" in step && step.call === call;

/** Where the last change of directory is: what is opened before must be closed by then (CVE-2024-21626). */
function lastDirectory(steps: readonly Step[]): number {
  const at = steps.findLastIndex((step) => isCall(step, "chdir"));
  if (at < 0) throw new TypeError("program: it has no working directory");
  return at;
}

/** Steps up to the wait for start, and those after it. */
export function initSteps(request: InitRequest): NativeStep[] {
  const { program: { before = [], cloneFlags, init }, process, descriptors, preserveFds, architecture } =
    request;
  const { report, sync, start, result, console, listener, copies } = descriptors;
  const first = 3 + preserveFds;
  const hooked = (name: "createContainer" | "startContainer"): boolean =>
    request.shownToHooks && (request.spec.hooks?.[name].length ?? 0) > 0;
  const meetings = {
    stage: ({ stage, fd }: Extract<Step, { stage: unknown }>): NativeStep[] => {
      if (stage === "network") return [say(SAYS.network), ...awaitByte(sync, stage)];
      if (stage === "environment") {
        const shown = hooked("createContainer");
        return [
          ...shown ? [show()] : [],
          say(SAYS.environment),
          ...awaitByte(sync, stage),
          ...shown ? [hide()] : [],
        ];
      }
      if (stage === "terminal") return console === undefined ? [] : sendDescriptor(console, fd!);
      if (stage === "filter") return handOutListener(listener!, report);
      if (stage === "listener") return awaitByte(sync, stage);
      return [
        // No change of ids, which would take it back, is to come.
        ...request.endsWithCaller ? [endWithCaller()] : [],
        ...hooked("startContainer") ? [show()] : [],
        say(SAYS.created),
        ...awaitByte(sync, stage),
        reportTo(result),
        { call: "close", args: [report], what: "leaving the runtime" },
        { call: "close", args: [sync], what: "leaving the runtime" },
        ...awaitByte(start, "start"),
        closeAtExec(first),
      ];
    },
    copy: ({ copy: { from, to }, what }: CopyStep, n: number): NativeStep[] => [
      ...sendDescriptors(copies!, [from, to], `copy ${n}`, what),
      say(SAYS.copy),
      ...awaitByte(sync, `copy ${n}`),
    ],
  };
  const all = (steps: readonly Step[]): NativeStep[] => translate(steps, architecture, meetings);
  const later = laterNamespaces(request);
  const session = init.findIndex((step) => isCall(step, "setsid"));
  const chdir = lastDirectory(init);
  return [
    setName("umiak-init"),
    reportTo(report),
    ...resetSignals(),
    ...labelSteps(process, request.keyring !== undefined),
    ...all(before),
    ...isInSteps(request.program) ? continueInSibling(cloneFlags & ~later) : [],
    ...awaitByte(sync, "beginning"),
    ...joinCgroups(descriptors.cgroups),
    ...all(beginning(init.slice(0, session), later)),
    ...ownNamespaces(request),
    ...all(init.slice(session, chdir)),
    ...closeAllBut(first, [report, sync, start, result, ...listener === undefined ? [] : [listener]]),
    ...all(init.slice(chdir, chdir + 1)),
    ...checkDirectory(process.cwd),
    ...lookUpProgram(process),
    ...all(init.slice(chdir + 1)),
  ];
}

/** The table of an init. */
export function initTable(request: InitRequest): Table {
  return compileTable(initSteps(request), FATAL_STEPS, request.architecture);
}
