/** Chunks of large files, cut from large pieces of memory: the system gives those in few page faults. @module */
import type { PageSource } from "../vfs/vfs.ts";

interface Slab {
  readonly bytes: Uint8Array;
  /** Chunks that were given back. */
  readonly free: number[];
  /** Chunks from here on have never been taken. */
  next: number;
  /** Chunks that are taken. */
  used: number;
}

/** See the module's comment. */
export class Slabs {
  readonly #known = new Map<ArrayBufferLike, Slab>();
  /** Those that have room. */
  readonly #open: Slab[] = [];

  /** Chunks of `size` bytes. */
  constructor(readonly source: PageSource, readonly size: number) {}

  #isFull({ bytes, free, next }: Slab): boolean {
    return free.length === 0 && (next + 1) * this.size > bytes.length;
  }

  /** A chunk of zeros; undefined if the source has none. */
  take(): Uint8Array | undefined {
    let slab = this.#open.at(-1);
    if (slab === undefined) {
      const bytes = this.source.allocate();
      if (bytes === undefined || bytes.length < this.size) return undefined;
      slab = { bytes, free: [], next: 0, used: 0 };
      this.#known.set(bytes.buffer, slab);
      this.#open.push(slab);
    }
    const again = slab.free.pop();
    const start = (again ?? slab.next++) * this.size;
    if (again === undefined && start % this.source.step === 0) {
      this.source.prepare(slab.bytes.subarray(start, start + this.source.step));
    }
    slab.used++;
    if (this.#isFull(slab)) this.#open.pop();
    return slab.bytes.subarray(start, start + this.size);
  }

  /** A chunk is not needed any more: its memory is the system's again. Nothing happens if it is from elsewhere. */
  give(chunk: Uint8Array): void {
    const slab = this.#known.get(chunk.buffer);
    if (slab === undefined) return;
    this.source.release(chunk);
    if (this.#isFull(slab)) this.#open.push(slab);
    slab.free.push((chunk.byteOffset - slab.bytes.byteOffset) / this.size);
    if (--slab.used > 0) return;
    this.#known.delete(slab.bytes.buffer);
    this.#open.splice(this.#open.indexOf(slab), 1);
  }
}
