/** The two ends of a pty as open files (man 7 pty). Job control is the business of calls.ts: files do not know who uses them. @module */
import { EAGAIN, EIO } from "../../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI } from "../../../../fs/abi/poll.ts";
import type { VPath } from "../../../../fs/vfs/dentry.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { OpenFile } from "../../../../fs/vfs/open_file.ts";
import type { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { VMIN, VTIME } from "../../../abi/linux/termios.ts";
import type { Tty } from "./tty.ts";

/** An end of a pty. */
export abstract class TtyFile extends OpenFile {
  /** An end of `tty`. */
  constructor(inode: Inode, flags: number, readonly tty: Tty) {
    super(inode, flags);
  }

  /** See OpenFile. */
  override get isTty(): boolean {
    return true;
  }

  /** tcflush(3): forgets what has not been read at this end, or at the other. */
  abstract flush(input: boolean, output: boolean): void;
}

/** The terminal that programs use. */
export class SlaveFile extends TtyFile {
  readonly #openedAt: number;

  /** A slave of `tty`. */
  constructor(inode: Inode, flags: number, tty: Tty) {
    super(inode, flags, tty);
    this.#openedAt = tty.hangups;
    tty.slaves++;
    tty.slaveClosed = false;
  }

  /** Its line has gone. */
  get hungUp(): boolean {
    return this.#openedAt !== this.tty.hangups;
  }

  /**
   * Reads a line; or in noncanonical mode what is there, if that is enough for VMIN (man 3 termios). -EAGAIN where a blocking read would
   * wait, also for VTIME.
   */
  override read(buf: Uint8Array, off: number, len: number): number {
    if (this.hungUp || len === 0) return 0;
    const { discipline } = this.tty;
    if (!discipline.canonical) {
      const cc = discipline.termios.cc;
      const min = cc[VMIN]!, { count } = discipline.input;
      if (min === 0 && cc[VTIME] === 0 && count === 0) return 0;
      const enough = this.nonblocking ? 1 : Math.min(Math.max(min, 1), len);
      if (count < enough) return -EAGAIN;
    } else if (!discipline.hasInput()) return -EAGAIN;
    return this.readNow(buf, off, len);
  }

  /** Reads what is there. */
  readNow(buf: Uint8Array, off: number, len: number): number {
    if (this.hungUp) return 0;
    const n = this.tty.discipline.read(buf.subarray(off, off + len));
    this.tty.takeInput();
    return n;
  }

  /** See OpenFile. */
  override write(buf: Uint8Array, off: number, len: number): number {
    if (this.hungUp || this.tty.masterClosed) return -EIO;
    if (len === 0) return 0;
    const n = this.tty.write(buf.subarray(off, off + len));
    return n === 0 ? -EAGAIN : n;
  }

  /** See OpenFile. */
  override poll(): number {
    if (this.hungUp) return POLLIN | POLLOUT | POLLERR | POLLHUP;
    const { discipline } = this.tty;
    return (discipline.hasInput(discipline.pollMinimum) ? POLLIN : 0) | (this.tty.room > 0 ? POLLOUT : 0);
  }
  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.tty.slaveQueue;
  }
  /** See OpenFile. */
  override available(): number {
    return this.hungUp ? -EIO : this.tty.discipline.available;
  }
  /** See TtyFile. */
  override flush(input: boolean, output: boolean): void {
    if (input) this.tty.flushInput();
    if (output) this.tty.flushOutput();
  }
  /** See OpenFile. */
  protected override release(): number {
    this.tty.slaveGone();
    return 0;
  }
}

/** The other end: a terminal emulator's. */
export class MasterFile extends TtyFile {
  /** Called when it is closed. */
  onClose: (() => void) | null = null;
  /** The directory its slave is in, as whoever opened it sees it. */
  pts: VPath | null = null;

  /** What programs have written; -EIO once the slave is closed and everything has been read. */
  override read(buf: Uint8Array, off: number, len: number): number {
    const { tty } = this;
    if (len === 0) return 0;
    if (tty.packets && tty.packetStatus !== 0) {
      buf[off] = tty.packetStatus;
      tty.packetStatus = 0;
      return 1;
    }
    if (tty.outgoing.length === 0) return tty.slaveClosed ? -EIO : -EAGAIN;
    const head = tty.packets ? 1 : 0;
    if (head === 1) buf[off] = 0;
    const n = tty.outgoing.take(buf, off + head, len - head, false);
    tty.drained();
    return n + head;
  }

  /** What is typed. */
  override write(buf: Uint8Array, off: number, len: number): number {
    if (this.tty.slaveClosed) return -EIO;
    if (len === 0) return 0;
    const n = this.tty.type(buf.subarray(off, off + len));
    return n === 0 ? -EAGAIN : n;
  }

  /** See OpenFile. */
  override poll(): number {
    const { tty } = this;
    const status = tty.packets && tty.packetStatus !== 0;
    return (tty.outgoing.length > 0 || status ? POLLIN : 0) | (status ? POLLPRI : 0) |
      (tty.slaveClosed ? POLLHUP : tty.inputRoom > 0 ? POLLOUT : 0);
  }
  /** See OpenFile. */
  override waitQueue(): WaitQueue {
    return this.tty.masterQueue;
  }
  /** See OpenFile. */
  override available(): number {
    return this.tty.outgoing.length;
  }
  /** See TtyFile. */
  override flush(input: boolean, output: boolean): void {
    if (input) {
      this.tty.outgoing.clear();
      this.tty.drained();
    }
    if (output) this.tty.flushIncoming();
  }
  /** See OpenFile. */
  protected override release(): number {
    this.onClose?.();
    this.tty.masterGone();
    return 0;
  }
}
