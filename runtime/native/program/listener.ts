/**
 * Handing out the listener of a filter (man 2 seccomp, SECCOMP_FILTER_FLAG_NEW_LISTENER). Its first calls may be for the listener to answer, who
 * has nothing to answer by until the descriptor has come: a helper that the filter is not for hands it out. The two share their descriptors, so
 * the helper sees it as soon as it is there, whatever the filter forbids.
 * @module
 */
import { CLONE_FILES } from "../../abi/linux/clone.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { CLONE_ARGS_PIDFD, CLONE_ARGS_SIZE, cloneArgs, struct } from "../table/structs.ts";
import { type NativeStep, ref } from "../table/types.ts";
import { SAYS } from "./message.ts";
import { say } from "./protocol.ts";
import { sendDescriptors } from "./send_descriptors.ts";

const CLONE_PIDFD = 0x1000;
const F_DUPFD_CLOEXEC = 1030, F_GETFD = 1;
/** struct sigaction of the kernel: handler, flags, restorer, mask. */
const SIGACTION_SIZE = 32, SA_NOCLDWAIT = 2n;
/** How long the helper sleeps between two looks. */
const LOOK_EVERY_NS = 50_000n;

/** What the runtime gets beside the two descriptors. */
const TEXT = "seccomp";

/** Numbers that the next two new descriptors will have: the smallest that are free. */
function nextDescriptors(report: number, what: string): NativeStep[] {
  const names = ["helper's pidfd", "listener"];
  return [
    ...names.map((result): NativeStep => ({
      ...{ native: "fcntl", args: [report, F_DUPFD_CLOEXEC, 0], what, result },
    })),
    ...names.map((name): NativeStep => ({ call: "close", args: [ref(name)], what })),
  ];
}

/**
 * Before the filter: makes the helper, which sends the listener and its own pidfd through `socket` and says so to the runtime. It is nobody's
 * child to wait for: not the program's, which knows nothing of it.
 */
export function handOutListener(socket: number, report: number): NativeStep[] {
  const what = "handing out the seccomp listener";
  const unwaited = struct(SIGACTION_SIZE, (view) => view.setBigUint64(8, SA_NOCLDWAIT, true));
  const args = cloneArgs({ flags: CLONE_FILES + CLONE_PIDFD, exitSignal: SIGNAL.SIGCHLD });
  const pause = struct(16, (view) => view.setBigUint64(8, LOOK_EVERY_NS, true));
  const fds = [ref("listener"), ref("helper's pidfd")];
  return [
    { native: "getpid", args: [], what, result: "filtered" },
    // Until the execve, which resets it (man 2 execve).
    { native: "rt_sigaction", args: [SIGNAL.SIGCHLD, { bytes: unwaited }, 0, 8], what },
    ...nextDescriptors(report, what),
    {
      native: "clone3",
      args: [{ struct: args, pointers: [[CLONE_ARGS_PIDFD, { bytes: new Uint8Array(8) }]] }, CLONE_ARGS_SIZE],
      what,
      result: "helper",
    },
    { op: "JEQ", args: [ref("helper"), 0], target: "helper" },
    { jump: "to be filtered" },
    { label: "helper" },
    { native: "fcntl", args: [ref("listener"), F_GETFD], what, onError: "no listener" },
    ...sendDescriptors(socket, fds, TEXT, what),
    ...[socket, ...fds].map((fd): NativeStep => ({ call: "close", args: [fd], what })),
    say(SAYS.listener),
    { native: "exit_group", args: [0], what },
    { label: "no listener" },
    // Whoever was to be filtered has said why it is not, and has ended.
    { native: "getppid", args: [], what, result: "maker" },
    { op: "JEQ", args: [ref("maker"), ref("filtered")], target: "filter to come" },
    { native: "exit_group", args: [0], what },
    { label: "filter to come" },
    { native: "ppoll", args: [0, 0, { bytes: pause }, 0, 8], what, onError: "ignore" },
    { jump: "helper" },
    { label: "to be filtered" },
  ];
}
