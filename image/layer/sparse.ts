/** Sparse file maps of GNU tar: the old format and PAX formats 0.0, 0.1 and 1.0. @module */
import { BLOCK, tarNumber } from "./tar_header.ts";
import { type SparsePart, TarError } from "./tar_entry.ts";

/** Most parts of one file. */
export const MAX_PARTS = 1 << 20;

/** Entries (offset and length, 12 bytes each) of an old GNU header or extension block. */
export function oldGnuParts(block: Uint8Array, start: number, count: number, position: number): SparsePart[] {
  const parts: SparsePart[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * 24;
    if (block[at] === 0 && block[at + 12] === 0) break;
    parts.push({
      offset: tarNumber(block, at, 12, "sparse offset", position),
      length: tarNumber(block, at + 12, 12, "sparse length", position),
    });
  }
  return parts;
}

/** GNU.sparse.map of format 0.1: "offset,length,offset,length…". */
export function mapOf01(text: string, position: number): SparsePart[] {
  const numbers = text === "" ? [] : text.split(",").map((n) => (/^\d+$/.test(n) ? Number(n) : NaN));
  if (numbers.length % 2 !== 0) throw new TarError(position, "its sparse map has an odd number of entries");
  const parts: SparsePart[] = [];
  for (let i = 0; i < numbers.length; i += 2) parts.push({ offset: numbers[i]!, length: numbers[i + 1]! });
  return parts;
}

/** The map of format 1.0 at the start of an entry's data: decimal lines, padded to a block. */
export class Map10 {
  #parts: SparsePart[] = [];
  #number = "";
  #numbers: number[] = [];
  #count = -1;
  #blocks = 0;

  /** A map for the entry at `position`. */
  constructor(readonly position: number) {}

  /** Takes the next block. True when the map is complete. */
  push(block: Uint8Array): boolean {
    this.#blocks++;
    for (const byte of block) {
      if (byte !== 0x0a) {
        if (byte < 0x30 || byte > 0x39 || this.#number.length > 15) throw this.#error();
        this.#number += String.fromCharCode(byte);
        continue;
      }
      if (this.#number === "") throw this.#error();
      this.#take(Number(this.#number));
      this.#number = "";
      if (this.#complete) return true;
    }
    return false;
  }

  get #complete(): boolean {
    return this.#parts.length === this.#count;
  }
  #take(n: number): void {
    if (this.#count < 0) {
      if (n > MAX_PARTS) throw this.#error();
      this.#count = n;
      return;
    }
    this.#numbers.push(n);
    if (this.#numbers.length === 2) {
      this.#parts.push({ offset: this.#numbers[0]!, length: this.#numbers[1]! });
      this.#numbers = [];
    }
  }
  #error(): TarError {
    return new TarError(this.position, "its sparse map is malformed");
  }

  /** The parts. */
  get parts(): readonly SparsePart[] {
    return this.#parts;
  }
  /** Bytes of data the map took. */
  get size(): number {
    return this.#blocks * BLOCK;
  }
}

/** Checks a map: in order, without overlap, inside the file, and as long as the data. Empty parts are dropped. */
export function checkedParts(
  parts: readonly SparsePart[],
  size: number,
  stored: number,
  position: number,
): SparsePart[] {
  if (parts.length > MAX_PARTS) throw new TarError(position, "its sparse map has too many parts");
  let end = 0, total = 0;
  const kept: SparsePart[] = [];
  for (const part of parts) {
    const ok = Number.isSafeInteger(part.offset) && Number.isSafeInteger(part.length) && part.offset >= end &&
      part.length >= 0 && part.offset + part.length <= size;
    if (!ok) throw new TarError(position, "its sparse map is out of order or outside the file");
    end = part.offset + part.length;
    total += part.length;
    if (part.length > 0) kept.push(part);
  }
  if (total !== stored) {
    throw new TarError(position, `its sparse map has ${total} bytes of data, the entry ${stored}`);
  }
  return kept;
}
