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
  #size = 0;
  /** Called when the guest is found to have grown. */
  grown: (() => void) | null = null;

  /** Says which memory it is; before that every range but an empty one is outside. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#renew();
  }

  #renew(): void {
    if (this.#memory === null) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
    const grew = this.#bytes.length > this.#size;
    this.#size = this.#bytes.length;
    if (grew) this.grown?.();
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
    // The low half is exact modulo 2^32; the high half comes from a double that can be 128 off, so the two are brought together.
    const low = (Math.imul(sec, 1_000_000_000) + nsec) >>> 0;
    const about = sec * 1e9 + nsec;
    let high = Math.floor(about / 0x100000000);
    const aboutLow = about - high * 0x100000000;
    if (aboutLow - low > 0x80000000) high++;
    else if (low - aboutLow > 0x80000000) high--;
    const view = this.#view;
    view.setUint32(ptr, low, true);
    view.setUint32(ptr + 4, high, true);
  }
}
