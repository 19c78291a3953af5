/** Text arguments of processes: lists whose entries are separated by line feeds. @module */
import { E2BIG } from "../../../../fs/abi/errno.ts";
import { bytesToName } from "../../../../fs/abi/name.ts";
import type { GuestMemory } from "../guest_memory.ts";
import { FAULT, INVAL, toWasi } from "../wasi_p1/errno.ts";

/** Most bytes of arguments and environment (ARG_MAX of man 2 execve, with the default stack limit). */
const ARG_MAX = 2 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** A name or path, any bytes but NUL; a number is a preview1 errno. */
export function readText(memory: GuestMemory, ptr: number, length: number): string | number {
  ptr >>>= 0, length >>>= 0;
  if (!memory.holds(ptr, length)) return FAULT;
  if (length > ARG_MAX) return toWasi(-E2BIG);
  const bytes = memory.bytes.slice(ptr, ptr + length);
  return bytes.includes(0) ? INVAL : bytesToName(bytes);
}

/** A list; empty text is the empty list, and a line feed at the end ends the last entry. */
export function readList(memory: GuestMemory, ptr: number, length: number): string[] | number {
  ptr >>>= 0, length >>>= 0;
  if (!memory.holds(ptr, length)) return FAULT;
  if (length > ARG_MAX) return toWasi(-E2BIG);
  const list: string[] = [];
  const bytes = memory.bytes.slice(ptr, ptr + length);
  if (bytes.includes(0)) return INVAL;
  for (let at = 0; at < length;) {
    const end = bytes.indexOf(LINE_FEED, at);
    list.push(bytesToName(bytes.subarray(at, end < 0 ? length : end)));
    at = end < 0 ? length : end + 1;
  }
  return list;
}
