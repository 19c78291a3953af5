/** A container's terminal shown on the host's. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import type { Winsize } from "../../../abi/linux/termios.ts";
import { SIG_DFL } from "../../kernel/sigaction.ts";
import type { Task } from "../../kernel/task.ts";
import { MasterFile } from "../../kernel/tty/pty_files.ts";
import type { ByteSink, ByteSource } from "../host_stream.ts";
import { deliver } from "../host/deliver.ts";
import { hostKeyboard } from "./keyboard.ts";
import { TerminalPump } from "./pump.ts";
import { makeRaw } from "./raw_mode.ts";
import { watchWindowSize, windowSize } from "./window_size.ts";

/** How it is shown. */
export interface TerminalOptions {
  /** Keys; without it nobody types. "keyboard": those of this process's standard input, and INTR ends a busy program with this process. */
  readonly source?: ByteSource | "keyboard" | undefined;
  /** Output. */
  readonly sink: ByteSink;
  /** The keys come from this process's standard input, a terminal: it is in raw mode meanwhile. */
  readonly raw: boolean;
  /** The window has the size of the host's, now and whenever that changes. */
  readonly resizes: boolean;
}

/** A terminal that is shown. */
export interface ShownTerminal {
  /** Its window has another size. */
  resize(size: Winsize): void;
  /** A signal for its process from outside. True if it is about the terminal of the host, and done with: SIGWINCH. */
  takes(signal: number): boolean;
  /** The container has ended: what it has written last is shown, then the host's terminal is as it was. */
  finish(): Promise<void>;
}

/**
 * A key's signal has the default action on the container's first process, too: as a process 1 it would ignore it, and most programs could not
 * have said anything (see deliver.ts).
 */
function signalInit(task: Task, signal: number): void {
  const { tty } = task.group.session;
  if (tty?.foreground !== task.group || !task.isInit || task.exiting) return;
  if (signal === SIGNAL.SIGTSTP || task.signals.action(signal).handler !== SIG_DFL) return;
  if (!task.signals.blocked.has(signal)) task.raise(signal);
}

/** Shows the terminal whose master is descriptor `fd` of `task`, the process that has it as its terminal. */
export function showTerminal(task: Task, fd: number, options: TerminalOptions): ShownTerminal {
  const file = task.files.get(fd)?.file;
  if (!(file instanceof MasterFile)) throw new TypeError(`descriptor ${fd} is not the master of a pty`);
  const master = file.acquire(), { tty } = master;
  tty.onSignal = (signal) => signalInit(task, signal);
  const look = (): void => {
    const size = windowSize();
    if (size !== undefined) tty.resize(size);
  };
  if (options.resizes) look();
  const restore = options.raw ? makeRaw() : undefined;
  const endWatch = options.resizes ? watchWindowSize((next) => tty.resize(next)) : undefined;
  const keyboard = options.source === "keyboard" ? hostKeyboard(task, tty) : undefined;
  if (keyboard !== undefined) tty.onTermios = () => keyboard.refresh();
  const pump = new TerminalPump(master, {
    source: options.source === "keyboard" ? keyboard : options.source,
    ...{ sink: options.sink, isTerminal: options.raw },
    hungUp: () => deliver(task, SIGNAL.SIGHUP),
  });
  return {
    resize: (next) => tty.resize(next),
    takes(signal) {
      if (signal !== SIGNAL.SIGWINCH || !options.resizes) return false;
      look();
      return true;
    },
    async finish() {
      await pump.finish();
      keyboard?.close();
      endWatch?.();
      restore?.();
    },
  };
}
