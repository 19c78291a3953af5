/** The line discipline of terminals, N_TTY: from what is typed to what is read, with echo (man 3 termios; POSIX 11.1). @module */
import {
  DISABLED,
  ECHO,
  ECHOCTL,
  ECHONL,
  EXTPROC,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IUCLC,
  IXANY,
  IXON,
  NOFLSH,
  PARMRK,
  STANDARD_TERMIOS,
  type Termios,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VMIN,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VTIME,
  VWERASE,
} from "../../../abi/linux/termios.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { isControl, toLower } from "./characters.ts";
import { EchoQueue } from "./echo.ts";
import { Eraser } from "./eraser.ts";
import { INPUT_SIZE, InputBuffer } from "./input_buffer.ts";
import { OutputProcessor, type OutputSink } from "./output.ts";

const LF = 10, CR = 13, TAB = 9, BS = 8, CARET = 94, MARK = 0xff;

/** What the discipline asks of its terminal. */
export interface Discipline extends OutputSink {
  /** Sends a signal to the foreground. */
  signal(signal: number): void;
  /** Stops the output, or lets it go on (STOP and START). */
  stop(stopped: boolean): void;
  /** Is the output stopped by STOP (not by TCXONC)? */
  readonly stoppedByKey: boolean;
  /** Output that nobody has read is forgotten. */
  flushOutput(): void;
  /** Input has been forgotten. */
  inputFlushed(): void;
  /** Something can be read. */
  readable(): void;
}

/** See the module's comment. */
export class LineDiscipline {
  /** Input. */
  readonly input = new InputBuffer();
  /** Output. */
  readonly output: OutputProcessor;
  /** Echo. */
  readonly echo: EchoQueue;
  readonly #eraser: Eraser;
  #termios: Termios = STANDARD_TERMIOS;
  /** Which bytes mean something. */
  #special = new Uint8Array(256);
  /** The next byte is taken as it is. */
  #literal = false;

  /** The discipline of `tty`. */
  constructor(readonly tty: Discipline) {
    this.output = new OutputProcessor(tty, this.#termios);
    this.echo = new EchoQueue(this.output);
    this.#eraser = new Eraser(this);
    this.#findSpecial();
  }

  /** The attributes. */
  get termios(): Termios {
    return this.#termios;
  }

  /** Lines are read, and edited. EXTPROC leaves both to somebody else. */
  get canonical(): boolean {
    return (this.#termios.lflag & (ICANON | EXTPROC)) === ICANON;
  }

  /** Sets the attributes (tcsetattr(3)). */
  setTermios(next: Termios): void {
    const old = this.#termios;
    this.#termios = this.output.termios = next;
    if (((old.lflag ^ next.lflag) & (ICANON | EXTPROC)) !== 0) {
      this.input.changeMode((next.lflag & ICANON) !== 0);
      this.#eraser.erasing = false;
      this.#literal = false;
    }
    this.#findSpecial();
    if ((old.iflag & IXON) !== 0 && (next.iflag & IXON) === 0 && this.tty.stoppedByKey) this.#restart();
    this.tty.readable();
  }

  #findSpecial(): void {
    const { iflag, lflag, cc } = this.#termios;
    const special = this.#special = new Uint8Array(256);
    const mark = (...bytes: (number | undefined)[]): void => bytes.forEach((byte) => special[byte!] = 1);
    const char = (...which: number[]): void => mark(...which.map((i) => cc[i]));
    if ((iflag & (IGNCR | ICRNL)) !== 0) mark(CR);
    if ((iflag & INLCR) !== 0) mark(LF);
    if ((lflag & ICANON) !== 0) {
      char(VERASE, VKILL, VEOF, VEOL);
      mark(LF);
      if ((lflag & IEXTEN) !== 0) {
        char(VWERASE, VLNEXT, VEOL2);
        if ((lflag & ECHO) !== 0) char(VREPRINT);
      }
    }
    if ((iflag & IXON) !== 0) char(VSTART, VSTOP);
    if ((lflag & ISIG) !== 0) char(VINTR, VQUIT, VSUSP);
    special[DISABLED] = 0;
  }

  /** Is something there for a read? `atLeast` counts in noncanonical mode. */
  hasInput(atLeast = 1): boolean {
    const { input } = this;
    return this.canonical ? input.canonHead !== input.tail : input.count >= atLeast;
  }

  /** Bytes that a read must find before poll(2) says so: VMIN counts only without VTIME. */
  get pollMinimum(): number {
    const { cc } = this.#termios;
    return cc[VTIME] === 0 && cc[VMIN]! > 0 ? cc[VMIN]! : 1;
  }

  /** FIONREAD. */
  get available(): number {
    return this.canonical ? this.input.canonicalCount() : this.input.count;
  }

  /** Reads a line, or what is there. */
  read(into: Uint8Array): number {
    return this.canonical ? this.input.readLine(into) : this.input.readBytes(into);
  }

  /** Forgets the input (tcflush(3) TCIFLUSH). */
  flushInput(): void {
    this.input.clear();
    this.#eraser.erasing = false;
    this.tty.inputFlushed();
  }

  /** Lets the output go on. */
  #restart(): void {
    this.tty.stop(false);
    this.echo.process();
  }

  /**
   * Takes what the other side has written. How many bytes of it: a full buffer takes no more, but a line that is too long, which takes
   * them all and keeps the last in its last place, so that its end still comes through.
   */
  receive(bytes: Uint8Array): number {
    const { input } = this;
    let done = 0;
    for (;;) {
      const free = INPUT_SIZE - input.count;
      let room = ((this.#termios.iflag & PARMRK) !== 0 ? Math.ceil(free / 3) : free) - 1;
      const overflows = room <= 0 && this.#isCanonicalOnly && input.canonHead === input.tail;
      if (room <= 0) {
        if (overflows && room < 0) input.head--;
        room = overflows ? 1 : 0;
      }
      const n = Math.min(bytes.length - done, room);
      if (n === 0) break;
      this.#block(bytes.subarray(done, done + n));
      done += n;
    }
    return done;
  }

  get #isCanonicalOnly(): boolean {
    return (this.#termios.lflag & ICANON) !== 0;
  }

  #block(bytes: Uint8Array): void {
    for (const byte of bytes) this.#byte(byte);
    if ((this.#termios.lflag & (ECHO | ECHONL)) !== 0) this.echo.flush();
    if (!this.canonical && this.input.count > 0) this.tty.readable();
  }

  #byte(byte: number): void {
    const { iflag, lflag } = this.#termios;
    if ((iflag & ISTRIP) !== 0) byte &= 0x7f;
    if ((iflag & IUCLC) !== 0 && (lflag & IEXTEN) !== 0) byte = toLower(byte);
    if (this.#literal) {
      this.#literal = false;
      this.#plain(byte);
    } else if ((lflag & EXTPROC) !== 0) this.input.put(byte);
    else if (this.#special[byte] === 1) this.#specialByte(byte);
    else this.#plain(byte);
  }

  #restartByAny(): void {
    const both = IXON | IXANY;
    if ((this.#termios.iflag & both) === both && this.tty.stoppedByKey) this.#restart();
  }

  /** A byte that means itself. */
  #plain(byte: number): void {
    this.#restartByAny();
    if ((this.#termios.lflag & ECHO) !== 0) {
      this.#eraser.finish();
      this.#lineBegins();
      this.echoByte(byte);
      this.echo.commit();
    }
    this.#put(byte);
  }

  #put(byte: number): void {
    if (byte === MARK && (this.#termios.iflag & PARMRK) !== 0) this.input.put(MARK);
    this.input.put(byte);
  }

  #lineBegins(): void {
    if (this.input.canonHead === this.input.head) this.echo.setColumn();
  }

  /** Echoes a byte: a control character as ^X with ECHOCTL. */
  echoByte(byte: number): void {
    const shown = (this.#termios.lflag & ECHOCTL) !== 0 && isControl(byte) && byte !== TAB;
    if (shown) this.echo.pair(byte);
    else this.echo.raw(byte);
  }

  #specialByte(byte: number): void {
    const { iflag, lflag, cc } = this.#termios;
    if ((iflag & IXON) !== 0 && (byte === cc[VSTART] || byte === cc[VSTOP])) {
      if (byte === cc[VSTART]) this.#restart();
      else this.tty.stop(true);
      return;
    }
    if ((lflag & ISIG) !== 0) {
      if (byte === cc[VINTR]) return this.#signal(SIGNAL.SIGINT, byte);
      if (byte === cc[VQUIT]) return this.#signal(SIGNAL.SIGQUIT, byte);
      if (byte === cc[VSUSP]) return this.#signal(SIGNAL.SIGTSTP, byte);
    }
    this.#restartByAny();
    if (byte === CR) {
      if ((iflag & IGNCR) !== 0) return;
      if ((iflag & ICRNL) !== 0) byte = LF;
    } else if (byte === LF && (iflag & INLCR) !== 0) byte = CR;
    if ((lflag & ICANON) !== 0 && this.#edit(byte)) return;
    if ((lflag & ECHO) !== 0) {
      this.#eraser.finish();
      if (byte === LF) this.echo.raw(LF);
      else {
        this.#lineBegins();
        this.echoByte(byte);
      }
      this.echo.commit();
    }
    this.#put(byte);
  }

  #signal(signal: number, byte: number): void {
    const { iflag, lflag } = this.#termios;
    this.tty.signal(signal);
    if ((lflag & NOFLSH) === 0) {
      this.echo.clear();
      this.tty.flushOutput();
      this.flushInput();
    }
    if ((iflag & IXON) !== 0) this.tty.stop(false);
    if ((lflag & ECHO) !== 0) {
      this.echoByte(byte);
      this.echo.commit();
    } else this.echo.process();
  }

  /** Line editing. True if the byte has been dealt with. */
  #edit(byte: number): boolean {
    const { lflag, cc } = this.#termios;
    const extended = (lflag & IEXTEN) !== 0, echo = (lflag & ECHO) !== 0;
    if (byte === cc[VERASE] || byte === cc[VKILL] || (byte === cc[VWERASE] && extended)) {
      this.#eraser.erase(byte);
      this.echo.commit();
      return true;
    }
    if (byte === cc[VLNEXT] && extended) {
      this.#literal = true;
      if (echo) {
        this.#eraser.finish();
        if ((lflag & ECHOCTL) !== 0) {
          this.echo.raw(CARET);
          this.echo.raw(BS);
          this.echo.commit();
        }
      }
      return true;
    }
    if (byte === cc[VREPRINT] && echo && extended) {
      this.#reprint(byte);
      return true;
    }
    if (byte === LF) {
      if (echo || (lflag & ECHONL) !== 0) {
        this.echo.raw(LF);
        this.echo.commit();
      }
      this.#endLine(LF);
      return true;
    }
    if (byte === cc[VEOF]) {
      this.#endLine(DISABLED);
      return true;
    }
    if (byte !== cc[VEOL] && !(byte === cc[VEOL2] && extended)) return false;
    if (echo) {
      this.#lineBegins();
      this.echoByte(byte);
      this.echo.commit();
    }
    if (byte === MARK && (this.#termios.iflag & PARMRK) !== 0) this.input.put(MARK);
    this.#endLine(byte);
    return true;
  }

  #reprint(byte: number): void {
    const { input } = this;
    this.#eraser.finish();
    this.echoByte(byte);
    this.echo.raw(LF);
    if (input.editing) { for (let at = input.canonHead; at < input.head; at++) this.echoByte(input.at(at)); }
    this.echo.commit();
  }

  #endLine(byte: number): void {
    this.input.endLine(byte);
    this.tty.readable();
  }
}
