/** Path arguments: bytes in guest memory to the VFS's parsed names, remembered so that a repeated path costs no string. @module */
import { PATH_MAX } from "../../../../fs/abi/limits.ts";
import { ENAMETOOLONG, ENOENT } from "../../../../fs/abi/errno.ts";
import { parsePath, type PathName } from "../../../../fs/vfs/path_name.ts";
import type { GuestMemory } from "../guest_memory.ts";
import { FAULT, ILSEQ, INVAL, toWasi } from "./errno.ts";

const SLOTS = 512;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A direct-mapped cache from path bytes to PathName. */
export class PathDecoder {
  readonly #bytes: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #names: (PathName | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The path at `ptr`, or a preview1 errno: fault, noent (empty), nametoolong, inval (a NUL inside), ilseq (not UTF-8). */
  decode(memory: GuestMemory, ptr: number, len: number): PathName | number {
    if (!memory.holds(ptr, len)) return FAULT;
    if (len === 0) return toWasi(-ENOENT);
    if (len >= PATH_MAX) return toWasi(-ENAMETOOLONG);
    const bytes = memory.bytes;
    let hash = len;
    for (let i = ptr, end = ptr + len; i < end; i++) hash = Math.imul(hash, 31) + bytes[i]! | 0;
    const slot = (hash ^ hash >>> 15) & SLOTS - 1;
    const known = this.#bytes[slot];
    if (known !== undefined && known.length === len) {
      let i = 0;
      while (i < len && known[i] === bytes[ptr + i]) i++;
      if (i === len) return this.#names[slot]!;
    }
    const copy = bytes.slice(ptr, ptr + len);
    if (copy.includes(0)) return INVAL;
    let text: string;
    try {
      text = utf8.decode(copy);
    } catch {
      return ILSEQ;
    }
    const name = parsePath(text);
    if (typeof name === "number") return toWasi(name);
    this.#bytes[slot] = copy;
    this.#names[slot] = name;
    return name;
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
