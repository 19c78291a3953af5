/** A bounded first-in first-out buffer of bytes. @module */

import type { BufferMemory } from "./buffer_memory.ts";

/** What a ring begins with, once there is something in it. */
const FIRST = 4096;

/** A ring of a fixed capacity; its memory grows with what is in it. */
export class ByteRing {
  #data: Uint8Array = new Uint8Array(0);
  #start = 0;
  #length = 0;
  /** It could not grow: there is no more room than it has. */
  #starved = false;

  /** A ring that holds `capacity` bytes, whose memory is taken from `memory`. */
  constructor(public capacity: number, readonly memory: BufferMemory | null = null) {}

  /** Bytes inside. */
  get length(): number {
    return this.#length;
  }
  /** Bytes that still fit. */
  get room(): number {
    return Math.max(0, (this.#starved ? this.#data.length : this.capacity) - this.#length);
  }

  /** Puts in as many of `len` bytes as fit; how many that was. */
  push(buf: Uint8Array, off: number, len: number): number {
    let n = Math.min(len, this.room);
    if (n === 0) return 0;
    if (this.#length + n > this.#data.length && !this.#grow(this.#length + n)) {
      n = this.#data.length - this.#length;
      if (n === 0) return 0;
    }
    const data = this.#data, size = data.length;
    let end = this.#start + this.#length;
    if (end >= size) end -= size;
    if (n <= 32 && end + n <= size) {
      for (let i = 0; i < n; i++) data[end + i] = buf[off + i]!; // cheaper than a view for a few bytes
    } else {
      const first = Math.min(n, size - end);
      data.set(buf.subarray(off, off + first), end);
      if (n > first) data.set(buf.subarray(off + first, off + n), 0);
    }
    this.#length += n;
    return n;
  }

  /** Copies out up to `len` bytes and, unless `peek`, removes them; how many that was. */
  take(buf: Uint8Array, off: number, len: number, peek: boolean): number {
    const n = Math.min(len, this.#length);
    if (n === 0) return 0;
    const data = this.#data, size = data.length, start = this.#start;
    if (n <= 32 && start + n <= size) {
      for (let i = 0; i < n; i++) buf[off + i] = data[start + i]!;
    } else {
      const first = Math.min(n, size - start);
      buf.set(data.subarray(start, start + first), off);
      if (n > first) buf.set(data.subarray(0, n - first), off + first);
    }
    if (!peek) this.skip(n);
    return n;
  }

  /** Removes up to `len` bytes. */
  skip(len: number): void {
    const n = Math.min(len, this.#length);
    this.#length -= n;
    this.#starved = false;
    this.#start = this.#length === 0 ? 0 : (this.#start + n) % this.#data.length;
  }

  /** Empties it and gives its memory back. */
  clear(): void {
    this.memory?.give(this.#data.length);
    this.#data = new Uint8Array(0);
    this.#start = this.#length = 0;
  }

  #grow(needed: number): boolean {
    let size = Math.max(this.#data.length, FIRST);
    while (size < needed) size *= 2;
    size = Math.max(Math.min(size, this.capacity), needed);
    if (this.memory !== null && !this.memory.take(size - this.#data.length)) {
      this.#starved = true;
      if (this.#data.length > 0) return false;
      size = FIRST; // a little is always there: a sender that waits is woken by whoever reads
    }
    const data = new Uint8Array(size);
    const length = this.#length;
    this.take(data, 0, length, true);
    this.#data = data;
    this.#start = 0;
    return this.#data.length >= needed;
  }
}
