/** The bytes of a tmpfs file: chunks that exist only where something was written. @module */
import { ENOSPC, ENXIO } from "../abi/errno.ts";
import { SEEK_DATA } from "../abi/open.ts";
import type { Slabs } from "./slabs.ts";

/** Bytes a chunk covers. Chunk 0 starts small and doubles, so that a small file is small. */
export const CHUNK = 65536;
const PAGE = 4096;
const SMALLEST = 64;
/** Chunks from here on, those behind 4 MB, are of a large file. */
const LARGE = 64;
/** Up to this length a loop beats the set-up of a view. */
const LOOP_MAX = 48;

/** Counts allocated bytes against a filesystem's size. */
export interface Account {
  /** Takes `bytes` more (negative: gives back); false if there is no room. `needed`: it cannot do with less. */
  charge(bytes: number, needed: boolean): boolean;
  /** Why there was no room the last time; -ENOSPC if it does not say. */
  readonly error?: number;
}

function copy(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, len: number): void {
  if (len <= LOOP_MAX) { for (let i = 0; i < len; i++) to[toAt + i] = from[fromAt + i]!; }
  else to.set(fromAt === 0 && len === from.length ? from : from.subarray(fromAt, fromAt + len), toAt);
}

/** What a chunk of `length` bytes costs: whole pages. */
const cost = (length: number): number => Math.ceil(length / PAGE) * PAGE;

/** See the module's comment. Sizes and positions are in bytes; the inode keeps the size and passes it. */
export class Content {
  readonly #chunks = new Map<number, Uint8Array>();
  #lastIndex = -1;
  #last: Uint8Array | undefined = undefined;
  /** Bytes allocated, in whole pages. */
  allocated = 0;

  /** Nothing, charged to `account` as it grows; when it has grown large, chunks come from `slabs`. */
  constructor(readonly account: Account, readonly slabs: Slabs | null = null) {}

  #chunk(index: number): Uint8Array | undefined {
    if (index === this.#lastIndex) return this.#last;
    this.#lastIndex = index;
    return this.#last = this.#chunks.get(index);
  }

  /** A chunk that has at least `length` bytes; undefined when there is no room. */
  #ensure(index: number, length: number): Uint8Array | undefined {
    const old = this.#chunk(index);
    if (old !== undefined && old.length >= length) return old;
    let size = CHUNK;
    if (index === 0) {
      size = Math.max(old?.length ?? 0, SMALLEST);
      while (size < length) size *= 2;
    }
    const had = old === undefined ? 0 : cost(old.length);
    if (cost(size) > had && !this.account.charge(cost(size) - had, false)) {
      size = Math.min(CHUNK, cost(length)); // near the limit only the pages that are needed
      if (cost(size) > had && !this.account.charge(cost(size) - had, true)) return undefined;
    }
    this.allocated += cost(size) - had;
    const chunk = (size === CHUNK && index >= LARGE ? this.slabs?.take() : undefined) ?? new Uint8Array(size);
    if (old !== undefined) chunk.set(old);
    this.#chunks.set(index, chunk);
    this.#lastIndex = index;
    return this.#last = chunk;
  }

  /** Reads `len` bytes that lie below the file's size; holes are zeros. */
  read(buf: Uint8Array, off: number, len: number, pos: number): void {
    while (len > 0) {
      const index = Math.floor(pos / CHUNK);
      const at = pos - index * CHUNK;
      const n = Math.min(len, CHUNK - at);
      const chunk = this.#chunk(index);
      const there = chunk === undefined ? 0 : Math.max(0, Math.min(n, chunk.length - at));
      if (there > 0) copy(chunk!, at, buf, off, there);
      if (there < n) buf.fill(0, off + there, off + n);
      off += n;
      pos += n;
      len -= n;
    }
  }

  /** What a write that finds no room answers: -ENOSPC, or -ENOMEM where memory is what lacks. */
  get noRoom(): number {
    return this.account.error ?? -ENOSPC;
  }

  /** Writes; how many bytes found room, or a negative errno if none did. */
  write(buf: Uint8Array, off: number, len: number, pos: number): number {
    let done = 0;
    while (done < len) {
      const index = Math.floor((pos + done) / CHUNK);
      const at = pos + done - index * CHUNK;
      const n = Math.min(len - done, CHUNK - at);
      const chunk = this.#ensure(index, at + n);
      if (chunk === undefined) return done > 0 ? done : this.noRoom;
      copy(buf, off + done, chunk, at, n);
      done += n;
    }
    return done;
  }

  /** Drops everything from `size` on. */
  truncate(size: number): void {
    const edge = Math.floor(size / CHUNK);
    for (const index of [...this.#chunks.keys()]) if (index > edge) this.#drop(index);
    const at = size - edge * CHUNK;
    if (at === 0) this.#drop(edge);
    else this.#chunks.get(edge)?.fill(0, at);
  }

  #drop(index: number): void {
    const chunk = this.#chunks.get(index);
    if (chunk === undefined) return;
    this.#chunks.delete(index);
    this.#lastIndex = -1;
    this.#last = undefined;
    this.slabs?.give(chunk);
    this.allocated -= cost(chunk.length);
    this.account.charge(-cost(chunk.length), false);
  }

  /** Allocates the range (fallocate); false when there is no room, and then nothing new stays allocated. */
  reserve(pos: number, len: number): boolean {
    const first = Math.floor(pos / CHUNK), last = Math.floor((pos + len - 1) / CHUNK);
    const added: number[] = [];
    for (let index = first; index <= last; index++) {
      const existed = this.#chunks.has(index);
      const end = index === last ? pos + len - index * CHUNK : CHUNK;
      if (this.#ensure(index, end) === undefined) {
        for (const i of added) this.#drop(i);
        return false;
      }
      if (!existed) added.push(index);
    }
    return true;
  }

  /** Makes a hole of zeros. */
  punch(pos: number, len: number): void {
    const end = pos + len;
    for (const index of [...this.#chunks.keys()]) {
      const start = index * CHUNK;
      const from = Math.max(pos, start), to = Math.min(end, start + CHUNK);
      if (from >= to) continue;
      if (from === start && to === start + CHUNK) this.#drop(index);
      else this.#chunks.get(index)!.fill(0, from - start, to - start);
    }
  }

  /** SEEK_DATA or SEEK_HOLE from `offset` in a file of `size` bytes; -ENXIO behind the end or without data. */
  seek(offset: number, whence: number, size: number): number {
    if (offset < 0 || offset >= size) return -ENXIO;
    const index = Math.floor(offset / CHUNK);
    const isData = (i: number): boolean => this.#chunks.has(i);
    if (whence === SEEK_DATA) {
      if (isData(index)) return offset;
      let next = Infinity;
      for (const i of this.#chunks.keys()) if (i > index && i < next) next = i;
      return next * CHUNK < size ? next * CHUNK : -ENXIO;
    }
    let at = index;
    while (isData(at)) at++;
    return Math.min(size, Math.max(offset, at * CHUNK));
  }
}
