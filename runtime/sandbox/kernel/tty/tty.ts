/** A terminal: the state that both ends of a pty share (man 7 pty). @module */
import {
  CREAD,
  CS8,
  CSIZE,
  DISABLED,
  EXTPROC,
  IXON,
  PARENB,
  type Termios,
  TOSTOP,
  VSTART,
  VSTOP,
  type Winsize,
} from "../../../abi/linux/termios.ts";
import {
  TIOCPKT_DOSTOP,
  TIOCPKT_FLUSHREAD,
  TIOCPKT_FLUSHWRITE,
  TIOCPKT_IOCTL,
  TIOCPKT_NOSTOP,
  TIOCPKT_START,
  TIOCPKT_STOP,
} from "../../../abi/linux/tty_ioctl.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { POLLHUP, POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import type { PtsNode } from "../../../../fs/devpts/devpts.ts";
import { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { ByteRing } from "../../net/byte_ring.ts";
import type { ControllingTerminal, ProcessGroup, Session } from "../session.ts";
import { SI_KERNEL } from "../sigaction.ts";
import { type Discipline, LineDiscipline } from "./line_discipline.ts";

/** Bytes of output that nobody has read, at most: what the master has taken, and what is on its way to it. */
const TAKEN = 4095, ON_ITS_WAY = 8192;
/** Bytes the master has written that the line discipline has no room for, at most. */
const INPUT_ON_ITS_WAY = 8192;
const CTRL_Q = 0o21, CTRL_S = 0o23;

/** See the module's comment. The slave is the terminal; the master is whoever shows it and types. */
export class Tty implements Discipline, ControllingTerminal {
  /** See ControllingTerminal. */
  session: Session | null = null;
  /** See ControllingTerminal. */
  foreground: ProcessGroup | null = null;
  /** What is typed, and how output looks. */
  readonly discipline: LineDiscipline = new LineDiscipline(this);
  /** Size of the window. */
  winsize: Winsize = { rows: 0, cols: 0, xpixel: 0, ypixel: 0 };
  /** Told of changes for who uses the slave. */
  readonly slaveQueue: WaitQueue = new WaitQueue();
  /** Told of changes for who uses the master. */
  readonly masterQueue: WaitQueue = new WaitQueue();
  /** Output that the master has not read. */
  readonly outgoing: ByteRing = new ByteRing(TAKEN + ON_ITS_WAY);
  /** Input that the discipline has not taken. */
  readonly #incoming: ByteRing = new ByteRing(INPUT_ON_ITS_WAY);
  /** Open files of the slave. */
  slaves = 0;
  /** The slave was open, and is not any more. */
  slaveClosed = false;
  /** The master is closed: there will be no other. */
  masterClosed = false;
  /** Slaves opened before the last hangup have a smaller number. */
  hangups = 0;
  /** TIOCSPTLCK: the slave cannot be opened. */
  locked = true;
  /** TIOCEXCL: the slave cannot be opened again. */
  exclusive = false;
  /** TIOCPKT: the master reads packets. */
  packets = false;
  /** Packet mode: what has changed. */
  packetStatus = 0;
  /** Its node in a devpts; null for one that is in none. */
  node: PtsNode | null = null;
  /** Called when both ends are closed. */
  onGone: (() => void) | null = null;
  /** Hears every signal that a key sends, after it has been sent. */
  onSignal: ((signal: number) => void) | null = null;
  /** Of the output that the master has not read, what has reached it. */
  #taken = 0;
  /** Hears that the attributes have changed. */
  onTermios: (() => void) | null = null;
  #stoppedByKey = false;
  #stoppedByCall = false;
  readonly #initial: Termios = this.discipline.termios;

  /** See ControllingTerminal. */
  get device(): number {
    return this.node?.rdev ?? 0;
  }

  /** See ControllingTerminal. */
  get tostop(): boolean {
    return (this.discipline.termios.lflag & TOSTOP) !== 0;
  }

  // Output.

  /** See OutputSink. */
  get room(): number {
    return this.#stoppedByKey || this.#stoppedByCall ? 0 : this.outgoing.room;
  }

  /** See OutputSink. */
  put(byte: number): void {
    const one = ONE;
    one[0] = byte;
    this.outgoing.push(one, 0, 1);
  }

  /** Bytes of a program. How many have been taken. */
  write(bytes: Uint8Array): number {
    const { discipline } = this;
    discipline.echo.process();
    let done = 0;
    // Whoever shows the terminal may have read at once: then there is room again, and nobody else would say so.
    for (let n = -1; n !== 0 && done < bytes.length; done += n) {
      n = discipline.output.write(bytes.subarray(done));
      this.#deliver();
    }
    return done;
  }

  /** Output has reached the master: flushing cannot take it back. */
  #deliver(): void {
    this.#taken = Math.min(TAKEN, this.outgoing.length);
    if (this.outgoing.length > 0) this.masterQueue.wake(POLLIN);
  }

  /** The master has read: there is room again. */
  drained(): void {
    this.#taken = Math.min(TAKEN, this.outgoing.length);
    this.discipline.echo.process();
    this.slaveQueue.wake(POLLOUT);
  }

  /** See Discipline. */
  flushOutput(): void {
    const kept = new Uint8Array(Math.min(this.#taken, this.outgoing.length));
    this.outgoing.take(kept, 0, kept.length, false);
    this.outgoing.clear();
    this.outgoing.push(kept, 0, kept.length);
    this.#packet(TIOCPKT_FLUSHWRITE);
    this.slaveQueue.wake(POLLOUT);
  }

  // Flow control.

  /** See Discipline. */
  get stoppedByKey(): boolean {
    return this.#stoppedByKey;
  }

  /** See Discipline. */
  stop(stopped: boolean): void {
    if (this.#stoppedByCall || this.#stoppedByKey === stopped) return;
    this.#stoppedByKey = stopped;
    this.#flowChanged(stopped);
  }

  /** tcflow(3): TCOOFF and TCOON. */
  stopByCall(stopped: boolean): void {
    if (this.#stoppedByCall === stopped) return;
    const changes = this.#stoppedByKey === this.#stoppedByCall; // else it was stopped by key before
    this.#stoppedByCall = stopped;
    this.#stoppedByKey = false;
    if (changes || !stopped) this.#flowChanged(stopped); // echo that waits goes out with the next, as on Linux
  }

  /** tcflow(3): TCIOFF and TCION send STOP or START to the other end. */
  sendFlow(byte: number): void {
    if (byte === DISABLED) return;
    this.put(byte);
    this.#deliver();
  }

  #flowChanged(stopped: boolean): void {
    this.packetStatus &= ~(TIOCPKT_STOP | TIOCPKT_START);
    this.#packet(stopped ? TIOCPKT_STOP : TIOCPKT_START);
    if (stopped) return;
    this.slaveQueue.wake(POLLOUT);
  }

  #packet(status: number): void {
    if (!this.packets) return;
    this.packetStatus |= status;
    this.masterQueue.wake(POLLIN);
  }

  // Input.

  /** Bytes the master may write. */
  get inputRoom(): number {
    return this.#incoming.room;
  }

  /** What is typed. How many bytes have been taken. */
  type(bytes: Uint8Array): number {
    let done = 0;
    if (this.#incoming.length === 0) done = this.discipline.receive(bytes);
    done += this.#incoming.push(bytes, done, bytes.length - done);
    this.#deliver();
    return done;
  }

  /** A reader has made room, or the rules have changed: goes on with what waits. */
  takeInput(): void {
    const waiting = this.#incoming;
    if (waiting.length === 0) return;
    const bytes = new Uint8Array(waiting.length);
    waiting.take(bytes, 0, bytes.length, true);
    const taken = this.discipline.receive(bytes);
    if (taken === 0) return;
    waiting.skip(taken);
    this.#deliver();
    this.masterQueue.wake(POLLOUT);
  }

  /** See Discipline. */
  readable(): void {
    this.slaveQueue.wake(POLLIN);
  }

  /** See Discipline. */
  inputFlushed(): void {
    this.#packet(TIOCPKT_FLUSHREAD);
  }

  /** The master takes back what it has written and the discipline has not taken. */
  flushIncoming(): void {
    this.#incoming.clear();
    this.masterQueue.wake(POLLOUT);
  }

  /** tcflush(3) TCIFLUSH. */
  flushInput(): void {
    this.discipline.flushInput();
    this.takeInput();
  }

  // Attributes.

  /** tcsetattr(3). A pty has always eight bits without parity. */
  setTermios(next: Termios): void {
    const old = this.discipline.termios;
    this.discipline.setTermios({ ...next, cflag: next.cflag & ~(CSIZE | PARENB) | CS8 | CREAD });
    this.onTermios?.();
    this.#tellFlow(old, next);
    this.takeInput();
    this.slaveQueue.wake(POLLIN | POLLOUT);
    this.#deliver();
  }

  #tellFlow(old: Termios, next: Termios): void {
    const usual = ({ iflag, cc }: Termios): boolean =>
      (iflag & IXON) !== 0 && cc[VSTOP] === CTRL_S && cc[VSTART] === CTRL_Q;
    const external = ((old.lflag | next.lflag) & EXTPROC) !== 0;
    if (usual(old) === usual(next) && !external) return;
    this.packetStatus &= ~(TIOCPKT_DOSTOP | TIOCPKT_NOSTOP);
    this.#packet((usual(next) ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP) | (external ? TIOCPKT_IOCTL : 0));
  }

  /** TIOCSWINSZ: another size tells the foreground by SIGWINCH. */
  resize(next: Winsize): void {
    const { rows, cols, xpixel, ypixel } = this.winsize;
    const same = rows === next.rows && cols === next.cols && xpixel === next.xpixel && ypixel === next.ypixel;
    if (same) return;
    this.winsize = next;
    this.foreground?.signal(SIGNAL.SIGWINCH);
  }

  // Jobs and hangup.

  /** See Discipline. */
  signal(signal: number): void {
    this.foreground?.signal(signal);
    this.onSignal?.(signal);
  }

  /** A slave less; after the last one the master reads what is left, then EIO. */
  slaveGone(): void {
    if (--this.slaves > 0) return;
    if (this.masterClosed) this.onGone?.();
    this.slaveClosed = true;
    this.exclusive = false;
    this.#leaveSession();
    this.masterQueue.wake(POLLIN | POLLOUT | POLLHUP);
  }

  /** The master is closed. */
  masterGone(): void {
    this.masterClosed = true;
    this.hangUp();
    if (this.slaves === 0) this.onGone?.();
  }

  #leaveSession(): void {
    if (this.session !== null) this.session.tty = null;
    this.session = this.foreground = null;
  }

  /**
   * The line has gone (man 2 vhangup): the leader of its session gets SIGHUP and SIGCONT, and with `all` its foreground SIGHUP, too. Open
   * slaves are at their end: reads give 0, writes EIO. Output that is there can still be read.
   */
  hangUp(all = false): void {
    const { session, foreground } = this;
    this.hangups++;
    this.#leaveSession();
    this.#incoming.clear();
    this.discipline.input.clear();
    this.discipline.echo.clear();
    this.discipline.setTermios(this.#initial);
    this.packetStatus = 0;
    const leader = session?.pid.task ?? null;
    leader?.signals.send({ signal: SIGNAL.SIGHUP, code: SI_KERNEL, pid: 0, uid: 0 }, true);
    leader?.signals.send({ signal: SIGNAL.SIGCONT, code: SI_KERNEL, pid: 0, uid: 0 }, true);
    if (all) {
      foreground?.signal(SIGNAL.SIGHUP);
      foreground?.signal(SIGNAL.SIGCONT);
    }
    this.slaveQueue.wake(POLLIN | POLLOUT | POLLHUP);
    this.masterQueue.wake(POLLIN | POLLOUT | POLLHUP);
  }
}

const ONE = new Uint8Array(1);
