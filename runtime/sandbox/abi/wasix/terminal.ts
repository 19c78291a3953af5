/** The terminal of a process in the few words WASIX has for it. @module */
import { ENOTTY } from "../../../../fs/abi/errno.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import type { Task } from "../../kernel/task.ts";

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

const TCGETS = 0x5401, TCSETS = 0x5402, TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414;
const TERMIOS_SIZE = 60;
const OFLAG = 4, LFLAG = 12;
const ONLCR = 4, ICANON = 2, ECHO = 8;

function terminal(task: Task): OpenFile | undefined {
  return [0, 1, 2].map((fd) => task.files.get(fd)?.file).find((file) => file?.isTty);
}

/** Its size; what a terminal has that does not tell, and what there is without one. */
export function getTerminalSize(task: Task): TerminalSize {
  const bytes = new Uint8Array(8);
  const file = terminal(task);
  const view = new DataView(bytes.buffer);
  if (file === undefined || file.ioctl(TIOCGWINSZ, bytes) < 0) {
    return { columns: 80, rows: 25, width: 800, height: 600 };
  }
  const [rows, columns, width, height] = [0, 2, 4, 6].map((at) => view.getUint16(at, true));
  return { columns: columns!, rows: rows!, width: width!, height: height! };
}

/** Its state; that of a new terminal where there is none, or it does not tell. */
export function getTerminalState(task: Task): TerminalState {
  const bytes = new Uint8Array(TERMIOS_SIZE);
  const file = terminal(task);
  if (file === undefined || file.ioctl(TCGETS, bytes) < 0) {
    return { echo: true, canonical: true, newlines: true };
  }
  const view = new DataView(bytes.buffer);
  const local = view.getUint32(LFLAG, true);
  return {
    echo: (local & ECHO) !== 0,
    canonical: (local & ICANON) !== 0,
    newlines: (view.getUint32(OFLAG, true) & ONLCR) !== 0,
  };
}

const withBit = (value: number, bit: number, on: boolean): number => on ? value | bit : value & ~bit;

/** Sets what differs. -ENOTTY if there is no terminal, or what the terminal says. */
export function setTerminalState(task: Task, size: TerminalSize, state: TerminalState): number {
  const file = terminal(task);
  if (file === undefined) return -ENOTTY;
  const bytes = new Uint8Array(TERMIOS_SIZE);
  const error = file.ioctl(TCGETS, bytes);
  if (error < 0) return error;
  const view = new DataView(bytes.buffer);
  const local = withBit(withBit(view.getUint32(LFLAG, true), ECHO, state.echo), ICANON, state.canonical);
  view.setUint32(LFLAG, local, true);
  view.setUint32(OFLAG, withBit(view.getUint32(OFLAG, true), ONLCR, state.newlines), true);
  const set = file.ioctl(TCSETS, bytes);
  if (set < 0) return set;
  const old = getTerminalSize(task);
  if (old.columns === size.columns && old.rows === size.rows) return 0;
  const window = new Uint8Array(8);
  [size.rows, size.columns, size.width, size.height].forEach((n, i) =>
    new DataView(window.buffer).setUint16(i * 2, n, true)
  );
  return file.ioctl(TIOCSWINSZ, window);
}
