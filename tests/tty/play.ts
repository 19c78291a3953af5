/** Plays scenarios on a terminal of the userland kernel. @module */
import { errnoName } from "../../fs/abi/errno.ts";
import { O_NONBLOCK, O_RDWR } from "../../fs/abi/open.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import { MasterFile, SlaveFile } from "../../runtime/sandbox/kernel/tty/pty_files.ts";
import { Tty } from "../../runtime/sandbox/kernel/tty/tty.ts";

/** See linux_pty.py. */
export type Step =
  | readonly ["set", iflag: number, oflag: number, lflag: number, cc: readonly number[]]
  | readonly ["type" | "print", hex: string]
  | readonly ["read" | "flow" | "flush" | "packets", argument: number]
  | readonly ["count"];

/** Bytes as hexadecimal digits. */
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
/** And back. */
export const bytesOf = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

const outcome = (n: number): number | string => n < 0 ? `-${errnoName(-n)}` : n;

/** A pty whose ends do not block. */
export interface Pair {
  readonly tty: Tty;
  readonly master: MasterFile;
  readonly slave: SlaveFile;
}

/** Makes a pty. */
export function openPair(): Pair {
  const tty = new Tty();
  tty.locked = false;
  const inode = new TmpfsSuper().root;
  const flags = O_RDWR | O_NONBLOCK;
  return { tty, master: new MasterFile(inode, flags, tty), slave: new SlaveFile(inode, flags, tty) };
}

function drain(master: MasterFile): string {
  const into = new Uint8Array(65536);
  let all = "";
  for (;;) {
    const n = master.read(into, 0, into.length);
    if (n <= 0) return all;
    all += hex(into.subarray(0, n));
  }
}

function act({ tty, master, slave }: Pair, step: Step): number | string {
  switch (step[0]) {
    case "set": {
      const [, iflag, oflag, lflag, cc] = step;
      tty.setTermios({ ...tty.discipline.termios, iflag, oflag, lflag, cc });
      return 0;
    }
    case "type":
    case "print": {
      const bytes = bytesOf(step[1]);
      return outcome((step[0] === "type" ? master : slave).write(bytes, 0, bytes.length));
    }
    case "read": {
      const into = new Uint8Array(step[1]);
      const n = slave.read(into, 0, into.length);
      return n < 0 ? outcome(n) : hex(into.subarray(0, n));
    }
    case "count":
      return outcome(slave.available());
    case "flow":
      tty.stopByCall(step[1] === 0);
      return 0;
    case "flush":
      if (step[1] !== 1) tty.flushInput();
      if (step[1] !== 0) tty.flushOutput();
      return 0;
    case "packets":
      tty.packets = step[1] !== 0;
      tty.packetStatus = 0;
      return 0;
  }
}

/** Plays a scenario: for each step its outcome, and what the master read after it. */
export function play(scenario: readonly Step[]): (readonly [number | string, string])[] {
  const pair = openPair();
  return scenario.map((step) => {
    const given = act(pair, step);
    return [given, drain(pair.master)] as const;
  });
}
