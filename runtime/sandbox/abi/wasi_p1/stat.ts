/** filestat and fdstat records in guest memory. @module */
import type { Stat, Timespec } from "../../../../fs/abi/stat.ts";
import type { GuestMemory } from "../guest_memory.ts";
import { filetypeOf, FST } from "./types.ts";

/** How a filestat is laid out: wasi_unstable has a 32-bit link count and everything behind it 8 bytes earlier. */
export interface FilestatLayout {
  /** Bytes in all. */
  readonly size: number;
  /** Writes one at a checked pointer. */
  write(memory: GuestMemory, ptr: number, stat: Stat): void;
}

function writeTail(memory: GuestMemory, ptr: number, stat: Stat): void {
  memory.setU64(ptr, stat.size);
  memory.setNs(ptr + 8, stat.atimeSec, stat.atimeNsec);
  memory.setNs(ptr + 16, stat.mtimeSec, stat.mtimeNsec);
  memory.setNs(ptr + 24, stat.ctimeSec, stat.ctimeNsec);
}

function writeHead(memory: GuestMemory, ptr: number, stat: Stat): void {
  memory.setU64(ptr, stat.dev);
  memory.setU64(ptr + 8, stat.ino);
  memory.setU64(ptr + 16, filetypeOf(stat.mode));
}

/** preview1.md#filestat: 64 bytes. */
export const FILESTAT_P1: FilestatLayout = {
  size: 64,
  write(memory, ptr, stat) {
    writeHead(memory, ptr, stat);
    memory.setU64(ptr + 24, stat.nlink);
    writeTail(memory, ptr + 32, stat);
  },
};

/** wasi_unstable's filestat: 56 bytes. */
export const FILESTAT_UNSTABLE: FilestatLayout = {
  size: 56,
  write(memory, ptr, stat) {
    writeHead(memory, ptr, stat);
    memory.view.setUint32(ptr + 20, stat.nlink, true);
    writeTail(memory, ptr + 24, stat);
  },
};

function timespec(low: number, high: number): Timespec {
  const ns = BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
  return { sec: Number(ns / 1_000_000_000n), nsec: Number(ns % 1_000_000_000n) };
}

/** The two times that fstflags ask for; undefined when flags contradict each other or are unknown (EINVAL). */
export function requestedTimes(
  atimLow: number,
  atimHigh: number,
  mtimLow: number,
  mtimHigh: number,
  flags: number,
): readonly [Timespec | "now" | "omit", Timespec | "now" | "omit"] | undefined {
  const ATIM_BOTH = FST.ATIM | FST.ATIM_NOW, MTIM_BOTH = FST.MTIM | FST.MTIM_NOW;
  if ((flags & ~(ATIM_BOTH | MTIM_BOTH)) !== 0) return undefined;
  if ((flags & ATIM_BOTH) === ATIM_BOTH || (flags & MTIM_BOTH) === MTIM_BOTH) return undefined;
  return [
    flags & FST.ATIM_NOW ? "now" : flags & FST.ATIM ? timespec(atimLow, atimHigh) : "omit",
    flags & FST.MTIM_NOW ? "now" : flags & FST.MTIM ? timespec(mtimLow, mtimHigh) : "omit",
  ];
}
