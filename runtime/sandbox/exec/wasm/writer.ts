/** Writing the binary format of WebAssembly. @module */

/** Fewer bytes than this are copied faster one by one. */
const SHORT = 64;

/** Bytes that grow. */
export class WasmWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** Starts with room for `capacity` bytes. */
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }

  /** One byte. */
  u8(byte: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Unsigned LEB128. */
  leb(value: number): void {
    while (value >= 0x80) {
      this.u8(value % 128 | 0x80);
      value = Math.floor(value / 128);
    }
    this.u8(value);
  }

  /** Bytes as they are. */
  raw(bytes: ArrayLike<number>): void {
    const { length } = bytes;
    this.#reserve(length);
    const to = this.#bytes;
    if (length < SHORT) { for (let i = 0, at = this.#length; i < length;) to[at++] = bytes[i++]!; }
    else to.set(bytes, this.#length);
    this.#length += length;
  }

  /** Part of other bytes. */
  copy(from: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const to = this.#bytes;
    if (length < SHORT) { for (let i = start, at = this.#length; i < end;) to[at++] = from[i++]!; }
    else to.set(from.subarray(start, end), this.#length);
    this.#length += length;
  }

  /** A name: its length and its UTF-8. */
  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.leb(bytes.length);
    this.raw(bytes);
  }

  /** Forgets everything written; the room stays. */
  clear(): void {
    this.#length = 0;
  }

  /** What has been written; a view that the next write may change. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
