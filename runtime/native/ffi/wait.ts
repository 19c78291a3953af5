/** Waiting for children by their pidfds (man 2 waitid). @module */
import { EINTR } from "../../../fs/abi/errno.ts";
import { exited, signaled } from "../../abi/linux/wait_status.ts";
import { must, sys } from "./kernel.ts";
import { awaitReadable } from "./poll.ts";

const P_PIDFD = 3;
const WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x1000000;
/** si_code: it exited by itself; the others are signals, 3 with a core dump. */
const CLD_EXITED = 1, CLD_DUMPED = 3;
const CORE = 0x80;
const SIGINFO_SIZE = 128;

/** The wait status that a siginfo tells; undefined if it tells of nobody. */
function statusOf(siginfo: Uint8Array<ArrayBuffer>): number | undefined {
  const view = new DataView(siginfo.buffer);
  if (view.getInt32(16, true) === 0) return undefined;
  const code = view.getInt32(8, true), status = view.getInt32(24, true);
  return code === CLD_EXITED ? exited(status) : signaled(status) | (code === CLD_DUMPED ? CORE : 0);
}

/** Waits for the end of a child, which is gone then. Its wait status. */
export async function waitFor(pidfd: number): Promise<number> {
  await awaitReadable(pidfd);
  return waitNow(pidfd);
}

/** The same on this thread, for a child that is about to end. */
export function waitNow(pidfd: number): number {
  const siginfo = new Uint8Array(SIGINFO_SIZE);
  for (;;) {
    const result = sys("waitid", P_PIDFD, pidfd, siginfo, WEXITED, 0);
    if (result === -EINTR) continue;
    must(result, "waiting for a process");
    return statusOf(siginfo)!;
  }
}

/** The wait status of a child that has ended and is still to be waited for; undefined if it lives. */
export function peek(pidfd: number): number | undefined {
  const siginfo = new Uint8Array(SIGINFO_SIZE);
  must(sys("waitid", P_PIDFD, pidfd, siginfo, WEXITED | WNOHANG | WNOWAIT, 0), "looking after a process");
  return statusOf(siginfo);
}
