/** What has been typed and not been read: a ring of 4096 bytes in which line ends are marked (n_tty's read_buf). @module */
import { DISABLED } from "../../../abi/linux/termios.ts";

/** Its size: a line has 4095 characters and its end at most (man 3 termios, "Canonical and noncanonical mode"). */
export const INPUT_SIZE = 4096;
const MASK = INPUT_SIZE - 1;

/** See the module's comment. Positions only grow; the ring has them modulo its size. */
export class InputBuffer {
  readonly #bytes = new Uint8Array(INPUT_SIZE);
  readonly #ends = new Uint8Array(INPUT_SIZE);
  /** Where the next byte goes. */
  head = 0;
  /** Where the next read begins. */
  tail = 0;
  /** Lines up to here are whole. */
  canonHead = 0;

  /** Bytes in it. */
  get count(): number {
    return this.head - this.tail;
  }
  /** Bytes of the line that is being edited. A full ring looks empty to the editor, as it does on Linux. */
  get editing(): boolean {
    return ((this.head - this.canonHead) & MASK) !== 0;
  }

  /** A byte at a position. */
  at(position: number): number {
    return this.#bytes[position & MASK]!;
  }

  /** Adds a byte. */
  put(byte: number): void {
    this.#bytes[this.head++ & MASK] = byte;
  }

  /** Adds the byte that ends a line; DISABLED for an end of file, which is not read. */
  endLine(byte: number): void {
    this.#ends[this.head & MASK] = 1;
    this.put(byte);
    this.canonHead = this.head;
  }

  /** Forgets everything. */
  clear(): void {
    this.head = this.tail = this.canonHead = 0;
    this.#ends.fill(0);
  }

  /** Canonical mode begins or ends: what is there is one line, whatever its last byte is, or just bytes. */
  changeMode(canonical: boolean): void {
    this.#ends.fill(0);
    if (canonical && this.count > 0) {
      this.#ends[(this.head - 1) & MASK] = 1;
      this.canonHead = this.head;
    } else this.canonHead = this.tail;
  }

  #isEnd(position: number): boolean {
    return this.#ends[position & MASK] === 1;
  }

  /** Bytes that can be read in canonical mode: whole lines without their ends of file. */
  canonicalCount(): number {
    let count = this.canonHead - this.tail;
    for (let at = this.tail; at < this.canonHead; at++) {
      if (this.#isEnd(at) && this.at(at) === DISABLED) count--;
    }
    return count;
  }

  /** Reads up to `into.length` bytes of one line. An end of file right behind them goes along with them. */
  readLine(into: Uint8Array): number {
    let n = 0;
    while (n < into.length && this.tail < this.canonHead) {
      const byte = this.at(this.tail);
      const ends = this.#isEnd(this.tail);
      if (ends) this.#ends[this.tail & MASK] = 0;
      this.tail++;
      if (ends && byte === DISABLED) return n;
      into[n++] = byte;
      if (ends) return n;
    }
    if (n > 0 && this.tail < this.canonHead && this.#isEnd(this.tail) && this.at(this.tail) === DISABLED) {
      this.#ends[this.tail++ & MASK] = 0;
    }
    return n;
  }

  /** Reads up to `into.length` bytes. */
  readBytes(into: Uint8Array): number {
    const n = Math.min(into.length, this.count);
    for (let i = 0; i < n; i++) into[i] = this.at(this.tail++);
    return n;
  }
}
