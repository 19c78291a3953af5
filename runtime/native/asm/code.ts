/** Machine code being written: bytes, labels, and the places that wait for a label's address. @module */

/** Writes the distance to a label, or what is made of it, at a place that has been left for it. */
export type Patch = (bytes: DataView, at: number, target: number) => void;

/** See the module's comment. */
export class Code {
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #patches: { readonly at: number; readonly label: string; readonly patch: Patch }[] = [];

  /** Adds bytes. */
  emit(...bytes: number[]): void {
    for (const byte of bytes) this.#bytes.push(byte & 0xff);
  }

  /** Adds a 32-bit word, low byte first. */
  emit32(word: number): void {
    this.emit(word, word >>> 8, word >>> 16, word >>> 24);
  }

  /** Bytes so far. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Names the place that has been reached. */
  label(name: string): void {
    if (this.#labels.has(name)) throw new TypeError(`machine code: label ${name} is there twice`);
    this.#labels.set(name, this.#bytes.length);
  }

  /** Where a label is. */
  offsetOf(name: string): number {
    const at = this.#labels.get(name);
    if (at === undefined) throw new TypeError(`machine code: there is no label ${name}`);
    return at;
  }

  /** Has the next bytes completed once it is known where `label` is. */
  refer(label: string, patch: Patch): void {
    this.#patches.push({ at: this.#bytes.length, label, patch });
  }

  /** The finished code. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = Uint8Array.from(this.#bytes), view = new DataView(bytes.buffer);
    for (const { at, label, patch } of this.#patches) patch(view, at, this.offsetOf(label));
    return bytes;
  }
}
