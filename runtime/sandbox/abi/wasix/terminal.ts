/** The terminal of a process in the few words WASIX has for it. @module */
import { EINTR, ENOTTY } from "../../../../fs/abi/errno.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import {
  ECHO,
  ICANON,
  ONLCR,
  STANDARD_TERMIOS,
  type Termios,
  type Winsize,
} from "../../../abi/linux/termios.ts";
import { TTY_IOCTL } from "../../../abi/linux/tty_ioctl.ts";
import { ERESTARTSYS } from "../../kernel/session.ts";
import type { Task } from "../../kernel/task.ts";
import { ttyIoctl } from "../../kernel/tty/ioctl.ts";

/** What of a struct termios can be set. */
export interface TerminalState {
  /** ECHO. */
  readonly echo: boolean;
  /** ICANON. */
  readonly canonical: boolean;
  /** ONLCR. */
  readonly newlines: boolean;
}

/** What there is without a terminal, or of one that does not tell. */
const USUAL_SIZE: Winsize = { rows: 25, cols: 80, xpixel: 800, ypixel: 600 };

function terminal(task: Task): OpenFile | undefined {
  return [0, 1, 2].map((fd) => task.files.get(fd)?.file).find((file) => file?.isTty);
}

function attributes(task: Task): Termios {
  const file = terminal(task);
  const found = file === undefined ? -ENOTTY : ttyIoctl(task, file, TTY_IOCTL.TCGETS);
  return typeof found === "number" ? STANDARD_TERMIOS : found as Termios;
}

/** Its size. */
export function getTerminalSize(task: Task): Winsize {
  const file = terminal(task);
  const found = file === undefined ? -ENOTTY : ttyIoctl(task, file, TTY_IOCTL.TIOCGWINSZ);
  return typeof found === "number" ? USUAL_SIZE : found as Winsize;
}

/** Its state. */
export function getTerminalState(task: Task): TerminalState {
  const { lflag, oflag } = attributes(task);
  return {
    echo: (lflag & ECHO) !== 0,
    canonical: (lflag & ICANON) !== 0,
    newlines: (oflag & ONLCR) !== 0,
  };
}

const withBit = (value: number, bit: number, on: boolean): number => on ? value | bit : value & ~bit;

/** Sets what differs. -ENOTTY if there is no terminal, -EINTR where a job in the background has been stopped for it. */
export function setTerminalState(task: Task, size: Winsize, state: TerminalState): number {
  const file = terminal(task);
  if (file === undefined) return -ENOTTY;
  const old = attributes(task);
  const termios: Termios = {
    ...old,
    lflag: withBit(withBit(old.lflag, ECHO, state.echo), ICANON, state.canonical),
    oflag: withBit(old.oflag, ONLCR, state.newlines),
  };
  if (termios.lflag !== old.lflag || termios.oflag !== old.oflag) {
    const set = ttyIoctl(task, file, TTY_IOCTL.TCSETS, termios) as number;
    if (set < 0) return set === -ERESTARTSYS ? -EINTR : set;
  }
  const shown = getTerminalSize(task);
  if (shown.rows === size.rows && shown.cols === size.cols) return 0;
  return ttyIoctl(task, file, TTY_IOCTL.TIOCSWINSZ, size) as number;
}
