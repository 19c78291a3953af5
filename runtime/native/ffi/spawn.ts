/** Starting a program file: clone3(2) and execveat(2) in one piece, so that no other thread's work comes between. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { AT_EMPTY_PATH } from "../../../fs/abi/open.ts";
import { CLONE_CLEAR_SIGHAND, CLONE_VFORK, CLONE_VM } from "../../abi/linux/clone.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { compileTable, relocate } from "../table/compile_table.ts";
import { SLOT } from "../table/record.ts";
import { CLONE_ARGS_PIDFD, CLONE_ARGS_SIZE, cloneArgs } from "../table/structs.ts";
import { type NativeStep, ref } from "../table/types.ts";
import { Descriptor } from "./descriptors.ts";
import { addressOf, runTable, thisMachine } from "./kernel.ts";
import { waitNow } from "./wait.ts";

const CLONE_PIDFD = 0x1000;
const SIG_BLOCK = 0, SIG_SETMASK = 2;
const F_SETFD = 2;
const CLOSE_RANGE_CLOEXEC = 4;
const LAST_DESCRIPTOR = 0xffffffff;

/** How a program is started. */
export interface SpawnRequest {
  /** The program. */
  readonly file: Descriptor;
  /** Its name in lists of processes. */
  readonly name: string;
  /** CLONE_NEW* for its namespaces. */
  readonly cloneFlags: number;
  /** Descriptors that it gets beside the standard ones. */
  readonly descriptors: readonly number[];
  /** What it has as its standard descriptors; by default this process's own. */
  readonly stdio?: readonly [stdin: number, stdout: number, stderr: number];
  /** Cgroup (version 2) that it begins in: a descriptor. */
  readonly cgroup?: number;
}

/** A child of this process. */
export interface Child {
  /** Its process id. */
  readonly pid: number;
  /** Its pidfd. */
  readonly pidfd: Descriptor;
}

const CLONE_INTO_CGROUP = 0x200000000;

/** What this process and, from the clone to its exec, the child do. They share memory: the child has no stack of its own and needs none. */
function steps(
  { file, name, cloneFlags, descriptors, stdio = [0, 1, 2], cgroup }: SpawnRequest,
): NativeStep[] {
  const what = "starting the container's init";
  const into = cgroup === undefined ? 0 : CLONE_INTO_CGROUP;
  const flags = CLONE_VM + CLONE_VFORK + CLONE_PIDFD + CLONE_CLEAR_SIGHAND + into + cloneFlags;
  const all = new Uint8Array(8).fill(0xff);
  const args = cloneArgs({ flags, exitSignal: SIGNAL.SIGCHLD, ...cgroup === undefined ? {} : { cgroup } });
  const old = { bytes: new Uint8Array(8), name: "old mask" };
  const pidfd = { bytes: new Uint8Array(8), name: "pidfd" };
  const restore: NativeStep = { native: "rt_sigprocmask", args: [SIG_SETMASK, old, 0, 8], what };
  return [
    { native: "rt_sigprocmask", args: [SIG_BLOCK, { bytes: all }, old, 8], what },
    {
      native: "clone3",
      args: [
        { struct: args, pointers: [[CLONE_ARGS_PIDFD, pidfd]] },
        CLONE_ARGS_SIZE,
      ],
      what,
      result: "pid",
      onError: "failed",
    },
    { op: "JEQ", args: [ref("pid"), 0], target: "child" },
    restore,
    { op: "LD", args: [pidfd, 0], width: 4, result: "pidfd" },
    { op: "RET", args: [ref("pid")] },
    { label: "failed" },
    restore,
    { op: "RET", args: [0] },
    { label: "child" },
    // Descriptors of this process are above the standard ones, which are what they were where nothing else is said.
    ...stdio.flatMap((fd, i): NativeStep[] => fd === i ? [] : [{ native: "dup3", args: [fd, i, 0], what }]),
    { native: "close_range", args: [3, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC], what },
    ...descriptors.map((fd): NativeStep => ({ native: "fcntl", args: [fd, F_SETFD, 0], what })),
    { native: "execveat", args: [file.fd, "", [name], { bytes: new Uint8Array(8) }, AT_EMPTY_PATH], what },
  ];
}

/** Starts a program. It has no environment, the standard descriptors and those that are listed, and all signals blocked. */
export function spawnProgram(request: SpawnRequest): Child {
  const fatal: NativeStep[] = [{ native: "exit_group", args: [127], what: "ending" }];
  const table = compileTable(steps(request), fatal, thisMachine().architecture);
  const slots = new Uint8Array(8 * table.slots), view = new DataView(slots.buffer);
  const slot = (n: number): number => Number(view.getBigUint64(8 * n, true));
  relocate(table, addressOf(table.bytes), addressOf(slots));
  const pid = runTable(table.bytes, slots);
  const error = (): Error => new Error(`starting the container's init: ${errnoText(slot(SLOT.ERRNO))}`);
  if (pid === 0) throw error();
  const child = { pid, pidfd: new Descriptor(slot(table.names.get("pidfd")!)) };
  if (slot(SLOT.FAILED) === 0) return child;
  waitNow(child.pidfd.fd);
  child.pidfd.close();
  throw error();
}
