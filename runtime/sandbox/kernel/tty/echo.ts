/**
 * What is to be echoed. It is collected while input is processed and goes out at the end of a write by the other side, or before a
 * program's own output; it waits while the output is stopped, and INTR and the like forget it (n_tty's echo_buf).
 * @module
 */
import type { OutputProcessor } from "./output.ts";

/** Bytes it holds before the oldest are given up. */
const DISCARD_AT = 4096 - 288;
/** Bytes it holds at most while a write of the other side is under way: wiping the longest line takes three quarters of it. */
const MOST = 16384;
/** From so many on, some go out before the input is at its end. */
const BLOCK = 256;
const ESCAPED = 0xff;

/** Operations beside a byte by itself (0 to 255): a control character as ^X. */
const PAIR = 0x100;
/** The line that is edited begins in this column. */
const SET_COLUMN = 0x200;
/** A column back: the rest of a multibyte character. */
const BACK = 0x201;
/** Back over a tab; the low byte counts the columns before it, with AFTER_TAB since another tab. */
const ERASE_TAB = 0x300;
const AFTER_TAB = 0x80;

/** Bytes that an operation takes in the buffer. */
function sizeOf(op: number): number {
  return op >= ERASE_TAB ? 3 : op >= PAIR || op === ESCAPED ? 2 : 1;
}

/** See the module's comment. */
export class EchoQueue {
  #ops: number[] = [];
  #bytes = 0;
  /** Of these, bytes that belong to whole characters of input. */
  #mark = 0;
  /** Of these, bytes that may go out. */
  #committed = 0;

  /** Echoes to `output`. */
  constructor(readonly output: OutputProcessor) {}

  /** Bytes that wait. */
  get length(): number {
    return this.#bytes;
  }

  /** A byte as it is. */
  raw(byte: number): void {
    this.#add(byte);
  }
  /** A control character as ^X. */
  pair(byte: number): void {
    this.#add(PAIR | byte);
  }
  /** The line begins here. */
  setColumn(): void {
    this.#add(SET_COLUMN);
  }
  /** The last byte was no column of its own. */
  back(): void {
    this.#add(BACK);
  }
  /** Wipes a tab that comes `columns` columns after the start of the line, or after the tab before it. */
  eraseTab(columns: number, afterTab: boolean): void {
    this.#add(ERASE_TAB | (columns & 7) | (afterTab ? AFTER_TAB : 0));
  }

  #add(op: number): void {
    this.#ops.push(op);
    this.#bytes += sizeOf(op);
    if (this.#bytes > MOST) this.#discard(MOST / 2);
  }

  /** The oldest go, until so many bytes are left. */
  #discard(left: number): void {
    let done = 0;
    while (this.#bytes > left) this.#take(this.#ops[done++]!);
    this.#ops.splice(0, done);
  }

  /** A character of input is echoed in full: when another block is together, it goes out. */
  commit(): void {
    this.#mark = this.#bytes;
    if (this.#bytes < BLOCK || this.#bytes % BLOCK > this.#committed % BLOCK) return;
    this.process();
  }

  /** The input is at its end for now: what has come to it goes out. What could not go out before waits for more, or for output. */
  flush(): void {
    if (this.#committed === this.#bytes) return;
    this.#mark = this.#bytes;
    this.process();
  }

  /** What whole characters have made goes out, as far as there is room. */
  process(): void {
    if (this.#mark === 0) return;
    this.#committed = this.#mark;
    let done = 0;
    while (this.#committed > 0 && this.#out(this.#ops[done]!)) this.#take(this.#ops[done++]!);
    while (this.#committed >= DISCARD_AT) this.#take(this.#ops[done++]!);
    this.#ops.splice(0, done);
  }

  #take(op: number): void {
    const size = sizeOf(op);
    this.#bytes -= size;
    this.#mark = Math.max(0, this.#mark - size);
    this.#committed = Math.max(0, this.#committed - size);
  }

  #out(op: number): boolean {
    const { output } = this;
    const { sink } = output;
    if (op === SET_COLUMN) {
      output.canonColumn = output.column;
      return true;
    }
    if (op === BACK) {
      output.back();
      return true;
    }
    if (op >= ERASE_TAB) return this.#wipeTab(op & 0xff);
    if (op === ESCAPED) {
      if (sink.room === 0) return false;
      sink.put(ESCAPED);
      output.column++;
      return true;
    }
    if (op < PAIR) return output.put(op);
    if (sink.room < 2) return false;
    sink.put(94);
    sink.put((op & 0xff) ^ 0o100);
    output.column += 2;
    return true;
  }

  #wipeTab(count: number): boolean {
    const { output } = this;
    const before = (count & AFTER_TAB) === 0 ? count + output.canonColumn : count;
    const width = 8 - (before & 7);
    if (output.sink.room < width) return false;
    for (let i = 0; i < width; i++) {
      output.sink.put(8);
      output.back();
    }
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    this.#ops = [];
    this.#bytes = this.#mark = this.#committed = 0;
  }
}
