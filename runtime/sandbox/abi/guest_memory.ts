/**
 * The linear memory of a guest. Every pointer a guest passes is checked here, and nowhere else is guest memory touched:
 * pointers and lengths are unsigned 32-bit numbers, and a range is inside or the call answers EFAULT.
 * @module
 */

/** A guest's memory; views are renewed when the memory has grown (the old buffer is then detached, its length 0). */
export class GuestMemory {
  #memory: WebAssembly.Memory | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** Says which memory it is; before that every range but an empty one is outside. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#renew();
  }

  #renew(): void {
    if (this.#memory === null) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }

  /** All bytes, as long as the memory is now. Not to be kept across anything that can run the guest. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes;
  }

  /** The same bytes for multi-byte numbers (pass `true`: wasm is little-endian). */
  get view(): DataView {
    if (this.#bytes.length === 0) this.#renew();
    return this.#view;
  }

  /** True if `len` bytes at `ptr` are inside. Both unsigned. A shared memory may have grown under an old view. */
  holds(ptr: number, len: number): boolean {
    const end = ptr + len;
    if (end <= this.#bytes.length) return true;
    if (this.#memory === null || this.#bytes.length === this.#memory.buffer.byteLength) return false;
    this.#renew();
    return end <= this.#bytes.length;
  }

  /** Size in bytes now. */
  get size(): number {
    return this.bytes.length;
  }

  /** Writes a 64-bit number from a JavaScript number (exact below 2^53; negative as two's complement). */
  setU64(ptr: number, value: number): void {
    const view = this.#view;
    view.setUint32(ptr, value % 0x100000000, true);
    view.setUint32(ptr + 4, Math.floor(value / 0x100000000), true);
  }

  /** Writes seconds and nanoseconds as one 64-bit number of nanoseconds, without a bigint. */
  setNs(ptr: number, sec: number, nsec: number): void {
    // sec × 10^9 = a × 2^16 + b with a = ⌊sec / 2^16⌋ × 10^9 and b = (sec mod 2^16) × 10^9 + nsec, both below 2^53.
    const high = Math.floor(sec / 0x10000);
    const a = high * 1e9;
    const b = (sec - high * 0x10000) * 1e9 + nsec;
    const aHigh = Math.floor(a / 0x10000);
    const low = (a - aHigh * 0x10000) * 0x10000 + b;
    const view = this.#view;
    view.setUint32(ptr, low % 0x100000000, true);
    view.setUint32(ptr + 4, aHigh + Math.floor(low / 0x100000000), true);
  }
}
