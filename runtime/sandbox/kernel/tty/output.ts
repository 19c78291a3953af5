/** Output of a terminal: what OPOST makes of bytes, and the column the cursor is in (man 3 termios, c_oflag). @module */
import {
  IUTF8,
  OCRNL,
  OLCUC,
  ONLCR,
  ONLRET,
  ONOCR,
  OPOST,
  TABDLY,
  type Termios,
  XTABS,
} from "../../../abi/linux/termios.ts";
import { isContinuation, isControl, toUpper } from "./characters.ts";

const LF = 10, CR = 13, TAB = 9, BS = 8, SPACE = 32;

/** Bytes on the way to whoever reads the terminal's other side. */
export interface OutputSink {
  /** Bytes there is room for now; 0 while the output is stopped. */
  readonly room: number;
  /** Takes one byte; there is room. */
  put(byte: number): void;
}

/** See the module's comment. */
export class OutputProcessor {
  /** Column of the cursor. */
  column = 0;
  /** Column at which the line that is being edited begins. */
  canonColumn = 0;
  /** Attributes. */
  termios: Termios;

  /** Sends to `sink`. */
  constructor(readonly sink: OutputSink, termios: Termios) {
    this.termios = termios;
  }

  /** Bytes of a write(2). How many of them have been taken. */
  write(bytes: Uint8Array): number {
    let done = 0;
    while (done < bytes.length && this.put(bytes[done]!)) done++;
    return done;
  }

  /** One byte, processed. False, and nothing has happened, if there is no room for what it becomes. */
  put(byte: number): boolean {
    const { sink, termios: { oflag, iflag } } = this;
    const { room } = sink;
    if (room === 0) return false;
    if ((oflag & OPOST) === 0) {
      sink.put(byte);
      return true;
    }
    switch (byte) {
      case LF:
        return this.#newline(room);
      case CR:
        return this.#carriageReturn();
      case TAB:
        return this.#tab(room);
      case BS:
        this.back();
        break;
      default:
        if (isControl(byte)) break;
        if ((oflag & OLCUC) !== 0) byte = toUpper(byte);
        if (!isContinuation(byte, iflag, IUTF8)) this.column++;
    }
    sink.put(byte);
    return true;
  }

  #newline(room: number): boolean {
    const { oflag } = this.termios;
    if ((oflag & ONLCR) !== 0) {
      if (room < 2) return false;
      this.canonColumn = this.column = 0;
      this.sink.put(CR);
    } else {
      if ((oflag & ONLRET) !== 0) this.column = 0;
      this.canonColumn = this.column;
    }
    this.sink.put(LF);
    return true;
  }

  #carriageReturn(): boolean {
    const { oflag } = this.termios;
    if ((oflag & ONOCR) !== 0 && this.column === 0) return true;
    const asNewline = (oflag & OCRNL) !== 0;
    if (!asNewline || (oflag & ONLRET) !== 0) this.canonColumn = this.column = 0;
    this.sink.put(asNewline ? LF : CR);
    return true;
  }

  #tab(room: number): boolean {
    const width = 8 - (this.column & 7);
    if ((this.termios.oflag & TABDLY) === XTABS) {
      if (room < width) return false;
      for (let i = 0; i < width; i++) this.sink.put(SPACE);
    } else this.sink.put(TAB);
    this.column += width;
    return true;
  }

  /** The cursor is one column further left. */
  back(): void {
    if (this.column > 0) this.column--;
  }
}
