/** read(2) and write(2) on terminals: job control, and how long a read waits (POSIX 11.1.4, 11.1.7; man 3 termios). @module */
import { EAGAIN, EINTR, ETIMEDOUT } from "../../../../fs/abi/errno.ts";
import { POLLHUP, POLLIN } from "../../../../fs/abi/poll.ts";
import { VMIN, VTIME } from "../../../abi/linux/termios.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { checkTerminalJob, ERESTARTSYS } from "../session.ts";
import type { Task } from "../task.ts";
import { SlaveFile, type TtyFile } from "./pty_files.ts";

const { SIGTTIN, SIGTTOU } = SIGNAL;
/** VTIME counts tenths of a second. */
const TENTH_MS = 100;

/** A call that a stop has interrupted is -EINTR to the personality, which makes it again afterwards. */
export const interrupted = (result: number): number => result === -ERESTARTSYS ? -EINTR : result;

/** May the task read? Only a slave has jobs. */
function mayRead(task: Task, file: TtyFile): number {
  if (!(file instanceof SlaveFile) || file.hungUp) return 0;
  return interrupted(checkTerminalJob(task, file.tty, SIGTTIN));
}

/** May the task change the terminal? */
export function mayChange(task: Task, file: TtyFile): number {
  return interrupted(checkTerminalJob(task, file.tty, SIGTTOU));
}

/** read(2), without waiting: bytes, or a negative errno. */
export function readTerminal(task: Task, file: TtyFile, into: Uint8Array): number {
  const denied = mayRead(task, file);
  return denied < 0 ? denied : file.read(into, 0, into.length);
}

/** May the task write? With TOSTOP not from the background. */
export function mayWrite(task: Task, file: TtyFile): number {
  return file instanceof SlaveFile && file.tty.tostop && !file.hungUp ? mayChange(task, file) : 0;
}

/** read(2) that waits: until a line or enough bytes are there, or as long as VTIME says. */
export async function waitAndRead(task: Task, file: TtyFile, into: Uint8Array): Promise<number> {
  const { clock } = task.kernel;
  let deadline = Infinity, seen = 0;
  for (;;) {
    const n = readTerminal(task, file, into);
    if (n !== -EAGAIN) return n;
    const { discipline } = file.tty;
    const time = discipline.termios.cc[VTIME]! * TENTH_MS;
    if (!(file instanceof SlaveFile) || discipline.canonical || time === 0) deadline = Infinity;
    else if (discipline.termios.cc[VMIN] === 0) {
      if (deadline === Infinity) deadline = clock.monotonic() + time;
    } else if (discipline.input.count > seen) {
      seen = discipline.input.count;
      deadline = clock.monotonic() + time; // between bytes: from the last that came
    }
    const error = await task.block(file, POLLIN | POLLHUP, deadline);
    if (error === -ETIMEDOUT) return (file as SlaveFile).readNow(into, 0, into.length);
    if (error < 0) return error;
  }
}
