/** Path arguments: bytes in guest memory to the VFS's parsed names, remembered so that a repeated path costs no string. @module */
import { PATH_MAX } from "../../../../fs/abi/limits.ts";
import { ENAMETOOLONG, ENOENT } from "../../../../fs/abi/errno.ts";
import { parseAsciiPath, parsePath, type PathName } from "../../../../fs/vfs/path_name.ts";
import type { GuestMemory } from "../guest_memory.ts";
import { FAULT, ILSEQ, INVAL, toWasi } from "./errno.ts";

/** Paths that are remembered, and the longest of them. */
const SLOTS = 512, LONGEST = 128;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A direct-mapped cache from path bytes to PathName, which keeps all bytes in one array: a path that is new costs no array. */
export class PathDecoder {
  readonly #bytes = new Uint8Array(SLOTS * LONGEST);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #names: (PathName | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The path at `ptr`, or a preview1 errno: fault, noent (empty), nametoolong, inval (a NUL inside), ilseq (not UTF-8). */
  decode(memory: GuestMemory, ptr: number, len: number): PathName | number {
    if (!memory.holds(ptr, len)) return FAULT;
    if (len === 0) return toWasi(-ENOENT);
    if (len >= PATH_MAX) return toWasi(-ENAMETOOLONG);
    const bytes = memory.bytes;
    const end = ptr + len;
    let hash = len, any = 0, least = 255;
    for (let i = ptr; i < end; i++) {
      const byte = bytes[i]!;
      hash = Math.imul(hash, 31) + byte | 0;
      any |= byte;
      if (byte < least) least = byte;
    }
    if (least === 0) return INVAL;
    const slot = (hash ^ hash >>> 15) & SLOTS - 1;
    const known = this.#bytes, at = slot * LONGEST;
    if (this.#lengths[slot] === len) {
      let i = 0;
      while (i < len && known[at + i] === bytes[ptr + i]) i++;
      if (i === len) return this.#names[slot]!;
    }
    const name = any < 0x80 ? parseAsciiPath(bytes, ptr, end) : this.#parse(bytes, ptr, end);
    if (typeof name === "number") return name < 0 ? toWasi(name) : name;
    if (len <= LONGEST) {
      for (let i = 0; i < len; i++) known[at + i] = bytes[ptr + i]!;
      this.#lengths[slot] = len;
      this.#names[slot] = name;
    }
    return name;
  }

  /** A path with bytes that are not ASCII: the path, a negative errno, or ILSEQ. */
  #parse(bytes: Uint8Array, from: number, to: number): PathName | number {
    let text: string;
    try {
      text = utf8.decode(bytes.slice(from, to));
    } catch {
      return ILSEQ;
    }
    return parsePath(text);
  }

  /** Any other text argument (a link's target): the string, or a preview1 errno. */
  text(memory: GuestMemory, ptr: number, len: number): string | number {
    if (!memory.holds(ptr, len)) return FAULT;
    if (len >= PATH_MAX) return toWasi(-ENAMETOOLONG);
    const copy = memory.bytes.slice(ptr, ptr + len);
    if (copy.includes(0)) return INVAL;
    try {
      return utf8.decode(copy);
    } catch {
      return ILSEQ;
    }
  }
}
