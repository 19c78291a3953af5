/** The terminal of a process in the few words WASIX has for it. @module */
import { ENOTTY } from "../../../../fs/abi/errno.ts";
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
import type { Task } from "../../kernel/task.ts";
import { ttyIoctl } from "../../kernel/tty/ioctl.ts";

/** struct winsize. */
export interface TerminalSize {
  /** Characters in a line. */
  readonly columns: number;
  /** Lines. */
  readonly rows: number;
  /** Pixels across. */
  readonly width: number;
  /** Pixels down. */
  readonly height: number;
}

/** What of a struct termios can be set. */
export interface TerminalState {
  /** ECHO. */
  readonly echo: boolean;
  /** ICANON. */
  readonly canonical: boolean;
  /** ONLCR. */
  readonly newlines: boolean;
}

function terminal(task: Task): OpenFile | undefined {
  return [0, 1, 2].map((fd) => task.files.get(fd)?.file).find((file) => file?.isTty);
}

/** What a terminal says to a request; undefined if there is none, or it does not say. */
function ask<T extends Termios | Winsize>(task: Task, request: number): T | undefined {
  const file = terminal(task);
  const answer = file === undefined ? -ENOTTY : ttyIoctl(task, file, request);
  return typeof answer === "number" ? undefined : answer as T;
}

/** Its size; what there is without one. */
export function getTerminalSize(task: Task): TerminalSize {
  const size = ask<Winsize>(task, TTY_IOCTL.TIOCGWINSZ);
  if (size === undefined) return { columns: 80, rows: 25, width: 800, height: 600 };
  return { columns: size.cols, rows: size.rows, width: size.xpixel, height: size.ypixel };
}

/** Its state; that of a new terminal where there is none. */
export function getTerminalState(task: Task): TerminalState {
  const { lflag, oflag } = ask<Termios>(task, TTY_IOCTL.TCGETS) ?? STANDARD_TERMIOS;
  return {
    echo: (lflag & ECHO) !== 0,
    canonical: (lflag & ICANON) !== 0,
    newlines: (oflag & ONLCR) !== 0,
  };
}

const withBit = (value: number, bit: number, on: boolean): number => on ? value | bit : value & ~bit;

/** Sets what differs. -ENOTTY if there is no terminal, or what the terminal says. */
export function setTerminalState(task: Task, size: TerminalSize, state: TerminalState): number {
  const file = terminal(task), now = ask<Termios>(task, TTY_IOCTL.TCGETS);
  if (file === undefined || now === undefined) return -ENOTTY;
  const lflag = withBit(withBit(now.lflag, ECHO, state.echo), ICANON, state.canonical);
  const oflag = withBit(now.oflag, ONLCR, state.newlines);
  if (lflag !== now.lflag || oflag !== now.oflag) {
    const set = ttyIoctl(task, file, TTY_IOCTL.TCSETS, { ...now, lflag, oflag });
    if (set !== 0) return set as number;
  }
  const old = getTerminalSize(task);
  if (old.columns === size.columns && old.rows === size.rows) return 0;
  const [rows, cols, xpixel, ypixel] = [size.rows, size.columns, size.width, size.height].map((n) =>
    n & 0xffff
  ) as [number, number, number, number];
  return ttyIoctl(task, file, TTY_IOCTL.TIOCSWINSZ, { rows, cols, xpixel, ypixel }) as number;
}
