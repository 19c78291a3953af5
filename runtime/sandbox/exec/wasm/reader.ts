/** Reading the binary format of WebAssembly (core specification, "Binary Format"). @module */

/** The module is cut off, or has something that this reader does not know. */
export class WasmFormatError extends Error {
  /** @ignore */
  override name = "WasmFormatError";
}

/** A position in a module's bytes. */
export class WasmReader {
  /** Reads from `at`, never at or behind `end`. */
  constructor(readonly bytes: Uint8Array, public at: number, readonly end: number = bytes.length) {}

  /** One byte. */
  u8(): number {
    if (this.at >= this.end) throw new WasmFormatError(`the module is cut off at byte ${this.at}`);
    return this.bytes[this.at++]!;
  }

  /** Unsigned LEB128 of up to 64 bits; exact below 2^53. */
  leb(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 63) throw new WasmFormatError(`the number at byte ${this.at} is too long`);
    }
  }

  /** Passes a LEB128 number of either sign. */
  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  /** Passes `count` bytes. */
  skip(count: number): void {
    if (this.at + count > this.end) throw new WasmFormatError(`the module is cut off at byte ${this.end}`);
    this.at += count;
  }

  /** Passes a name. */
  skipName(): void {
    this.skip(this.leb());
  }

  /** Passes a value type, a storage type or a block type: one LEB128 number, or a reference with its heap type. */
  skipType(): void {
    const first = this.u8();
    if (first === REF || first === REF_NULL) return this.skipHeapType();
    if (first >= 0x80) this.skipLeb();
  }

  /** Passes a heap type. */
  skipHeapType(): void {
    if (this.u8() >= 0x80) this.skipLeb();
  }
}

const REF = 0x64, REF_NULL = 0x63;
