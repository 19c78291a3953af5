/**
 * A memory limit for a guest, by rewriting the module before it is compiled: every memory's maximum becomes at most the
 * limit, so that memory.grow answers -1 and the guest's malloc ENOMEM. Costs nothing at run time.
 * @module
 */

const PAGE = 65536;
const SECTION_IMPORT = 2, SECTION_MEMORY = 5;
const HAS_MAX = 1, SHARED = 2, IS_64 = 4;

/** The module's memory needs more than the limit from the start. */
export class MemoryLimitError extends Error {
  /** @ignore */
  override name = "MemoryLimitError";
}

class Reader {
  constructor(readonly bytes: Uint8Array, public at: number) {}
  byte(): number {
    const b = this.bytes[this.at++];
    if (b === undefined) throw new RangeError("the module ends in the middle of a section");
    return b;
  }
  /** Unsigned LEB128 of up to 64 bits; exact below 2^53. */
  leb(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const b = this.byte();
      value += (b & 0x7f) * scale;
      if (b < 0x80) return value;
    }
  }
  skipName(): void {
    const length = this.leb();
    this.at += length;
  }
}

function leb(value: number): number[] {
  const out: number[] = [];
  do {
    const byte = value % 128;
    value = Math.floor(value / 128);
    out.push(value === 0 ? byte : byte | 0x80);
  } while (value > 0);
  return out;
}

/** Reads a memory type and gives the bytes of the limited one. */
function limitMemory(r: Reader, limit: number): number[] {
  const maxPages = Math.floor(limit / PAGE);
  const flags = r.byte();
  const min = r.leb();
  const max = (flags & HAS_MAX) !== 0 ? r.leb() : Infinity;
  if (min > maxPages) {
    throw new MemoryLimitError(
      `the module starts with ${min * PAGE} bytes of memory, the limit is ${limit}`,
    );
  }
  return [flags & (SHARED | IS_64) | HAS_MAX, ...leb(min), ...leb(Math.min(max, maxPages))];
}

function limitMemorySection(r: Reader, limit: number): number[] {
  const count = r.leb();
  const out = leb(count);
  for (let i = 0; i < count; i++) out.push(...limitMemory(r, limit));
  return out;
}

/** Copies the import section, limiting imported memories. */
function limitImportSection(r: Reader, limit: number): number[] {
  const count = r.leb();
  const out = leb(count);
  for (let i = 0; i < count; i++) {
    const start = r.at;
    r.skipName();
    r.skipName();
    const kind = r.byte();
    if (kind === 2) {
      out.push(...r.bytes.subarray(start, r.at), ...limitMemory(r, limit));
      continue;
    }
    if (kind === 0) r.leb(); // function: type index
    else if (kind === 1) { // table: reference type, limits
      r.byte();
      const flags = r.byte();
      r.leb();
      if ((flags & HAS_MAX) !== 0) r.leb();
    } else if (kind === 3) r.at += 2; // global: type, mutability
    else if (kind === 4) { // tag: attribute, type index
      r.byte();
      r.leb();
    } else throw new RangeError(`import ${i} has the unknown kind ${kind}`);
    out.push(...r.bytes.subarray(start, r.at));
  }
  return out;
}

/**
 * A copy of `module` whose memories cannot grow beyond `limit` bytes. Throws MemoryLimitError when one starts above it,
 * RangeError when the module is cut off; everything else is left for the compiler to judge.
 */
export function withMemoryLimit(module: Uint8Array, limit: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [module.subarray(0, 8)];
  const r = new Reader(module, 8);
  while (r.at < module.length) {
    const start = r.at;
    const id = r.byte();
    const size = r.leb();
    const end = r.at + size;
    if (end > module.length) throw new RangeError(`section ${id} is longer than the module`);
    if (id === SECTION_MEMORY || id === SECTION_IMPORT) {
      const body = id === SECTION_MEMORY ? limitMemorySection(r, limit) : limitImportSection(r, limit);
      parts.push(Uint8Array.from([id, ...leb(body.length), ...body]));
    } else parts.push(module.subarray(start, end));
    r.at = end;
  }
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
