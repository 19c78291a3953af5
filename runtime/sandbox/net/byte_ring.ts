/** A bounded first-in first-out buffer of bytes. @module */

/** A ring of a fixed capacity. */
export class ByteRing {
  readonly #data: Uint8Array;
  #start = 0;
  #length = 0;

  /** A ring that holds `capacity` bytes. */
  constructor(readonly capacity: number) {
    this.#data = new Uint8Array(capacity);
  }

  /** Bytes inside. */
  get length(): number {
    return this.#length;
  }
  /** Bytes that still fit. */
  get room(): number {
    return this.capacity - this.#length;
  }

  /** Puts in as many of `len` bytes as fit; how many that was. */
  push(buf: Uint8Array, off: number, len: number): number {
    const n = Math.min(len, this.room);
    const end = (this.#start + this.#length) % this.capacity;
    const first = Math.min(n, this.capacity - end);
    this.#data.set(buf.subarray(off, off + first), end);
    if (n > first) this.#data.set(buf.subarray(off + first, off + n), 0);
    this.#length += n;
    return n;
  }

  /** Copies out up to `len` bytes and, unless `peek`, removes them; how many that was. */
  take(buf: Uint8Array, off: number, len: number, peek: boolean): number {
    const n = Math.min(len, this.#length);
    const first = Math.min(n, this.capacity - this.#start);
    buf.set(this.#data.subarray(this.#start, this.#start + first), off);
    if (n > first) buf.set(this.#data.subarray(0, n - first), off + first);
    if (!peek) {
      this.#start = (this.#start + n) % this.capacity;
      this.#length -= n;
    }
    return n;
  }
}
