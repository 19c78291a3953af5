/** What every program of the native kernel begins and ends with: a process without anything of the runtime's. @module */
import { ENOENT } from "../../../fs/abi/errno.ts";
import { CLONE_NEWUSER, CLONE_PARENT } from "../../abi/linux/clone.ts";
import { PR_SET_DUMPABLE, PR_SET_NAME } from "../../abi/linux/prctl.ts";
import { SIGMAX } from "../../abi/linux/signal.ts";
import type { SyscallProgram } from "../../program/types.ts";
import { CLONE_ARGS_SIZE, cloneArgs } from "../table/structs.ts";
import { type NativeStep, ref } from "../table/types.ts";
import { sayPid } from "./protocol.ts";

const SIG_SETMASK = 2;
/** Size of the kernel's struct sigaction, and of its sigset_t. */
const SIGACTION_SIZE = 32, SIGSET_SIZE = 8;
const CLOSE_RANGE_CLOEXEC = 4, LAST_DESCRIPTOR = 0xffffffff;
const PATH_MAX = 4096;

/** Default actions of all signals, none of them blocked: the runtime ignores some (man 7 signal: exec keeps that). */
export function resetSignals(): NativeStep[] {
  const what = "resetting signals";
  return [
    { op: "MOV", args: [1], result: "signal" },
    { label: "signals" },
    {
      native: "rt_sigaction",
      args: [ref("signal"), { bytes: new Uint8Array(SIGACTION_SIZE) }, 0, SIGSET_SIZE],
      what,
      onError: "ignore", // SIGKILL and SIGSTOP
    },
    { op: "ADD", args: [ref("signal"), 1], result: "signal" },
    { op: "JLT", args: [ref("signal"), SIGMAX + 1], target: "signals" },
    {
      native: "rt_sigprocmask",
      args: [SIG_SETMASK, { bytes: new Uint8Array(SIGSET_SIZE) }, 0, SIGSET_SIZE],
      what,
    },
  ];
}

/** The process's name in lists, until it executes its program. */
export function setName(name: string): NativeStep {
  return { native: "prctl", args: [PR_SET_NAME, name], what: "naming the process" };
}

/** From here to the exec nobody who is not privileged may look into the process or its descriptors (CVE-2016-9962). */
export function hide(): NativeStep {
  return { native: "prctl", args: [PR_SET_DUMPABLE, 0], what: "hiding the process" };
}

/** Lets whoever owns the user namespace join the process's namespaces, as hide() does not. */
export function show(): NativeStep {
  return { native: "prctl", args: [PR_SET_DUMPABLE, 1], what: "showing the process" };
}

/** Makes a child of this process's parent, with new namespaces, and says its number; what follows is done by the child. */
export function continueInSibling(cloneFlags: number): NativeStep[] {
  const what = "making the process";
  // The signal at its end is that of its maker (man 2 clone, CLONE_PARENT).
  const args = cloneArgs({ flags: cloneFlags + CLONE_PARENT, exitSignal: 0 });
  return [
    { native: "clone3", args: [{ bytes: args }, CLONE_ARGS_SIZE], what, result: "sibling" },
    { op: "JEQ", args: [ref("sibling"), 0], target: "sibling" },
    ...sayPid("sibling"),
    { native: "exit_group", args: [0], what: "ending" },
    { label: "sibling" },
  ];
}

/**
 * True if the init is made in steps, by a process that joins namespaces first; or for a new user namespace: an exec in it, before its ids are
 * mapped, would cost all capabilities (man 7 user_namespaces).
 */
export function isInSteps({ before = [], cloneFlags }: SyscallProgram): boolean {
  return before.length > 0 || (cloneFlags & CLONE_NEWUSER) !== 0;
}

/** Closes every descriptor from `first` on but those that are named. */
export function closeAllBut(first: number, kept: readonly number[]): NativeStep[] {
  const steps: NativeStep[] = [];
  let from = first;
  const what = "closing descriptors";
  for (const fd of [...new Set(kept)].filter((each) => each >= first).sort((a, b) => a - b)) {
    if (fd > from) steps.push({ native: "close_range", args: [from, fd - 1, 0], what });
    from = fd + 1;
  }
  return [...steps, { native: "close_range", args: [from, LAST_DESCRIPTOR, 0], what }];
}

/** Has exec close every descriptor from `first` on. */
export function closeAtExec(first: number): NativeStep {
  return {
    native: "close_range",
    args: [first, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC],
    what: "closing descriptors",
  };
}

/** The working directory must be inside the container: one outside has no name that begins with / (CVE-2024-21626). */
export function checkDirectory(cwd: string): NativeStep[] {
  const what = `changing to the working directory ${cwd}`;
  return [
    { native: "getcwd", args: [{ bytes: new Uint8Array(PATH_MAX), name: "cwd" }, PATH_MAX], what },
    { op: "LD", args: [{ place: "cwd" }, 0], width: 1, result: "cwd begins" },
    { op: "JEQ", args: [ref("cwd begins"), "/".charCodeAt(0)], target: "cwd inside" },
    { fail: ENOENT, what: `${what}: it is outside of the container` },
    { label: "cwd inside" },
  ];
}
