/**
 * Memory for what grows large, in few page faults (Linux, man 2 madvise): in huge pages as long as the system has them ready, else in small ones
 * that are asked for together. A huge page that nobody has used before can take a virtual machine longer than 512 small ones that have been in use.
 * @module
 */
import type { PageSource } from "../../../fs/vfs/vfs.ts";
import { linuxLibrary } from "./c_library.ts";

const PIECE = 32 * 1024 * 1024, HUGE = 2 * 1024 * 1024;
const MADV_DONTNEED = 4, MADV_HUGEPAGE = 14, MADV_POPULATE_WRITE = 23;
/** Zeroing a huge page takes a tenth of it. */
const SLOW_MS = 1;

const SYMBOLS = { madvise: { parameters: ["buffer", "usize", "i32"], result: "i32" } } as const;

/** Where the system has none so large, smaller ones may still be had. */
function piece(): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(PIECE);
  } catch {
    return undefined;
  }
}

/** See the module's comment. */
export function hugePages(): PageSource {
  let library: ReturnType<typeof linuxLibrary<typeof SYMBOLS>> | null = null;
  let areReady = true;
  const advise = (bytes: Uint8Array, advice: number): boolean =>
    library!.madvise(bytes as Uint8Array<ArrayBuffer>, BigInt(bytes.length), advice) === 0;
  return {
    step: HUGE,
    allocate() {
      if (library === null) library = linuxLibrary(SYMBOLS);
      const buffer = library === undefined ? undefined : piece();
      if (buffer === undefined) return undefined;
      const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer)));
      const start = (HUGE - Number(address % BigInt(HUGE))) % HUGE;
      return new Uint8Array(buffer, start, Math.floor((PIECE - start) / HUGE) * HUGE);
    },
    prepare(bytes) {
      if (areReady && advise(bytes, MADV_HUGEPAGE)) {
        const before = performance.now();
        bytes[0] = 0; // the page fault
        areReady = performance.now() - before < SLOW_MS;
      } else {
        areReady = false;
        advise(bytes, MADV_POPULATE_WRITE); // before Linux 5.14, writing does it
      }
    },
    release(bytes) {
      if (!advise(bytes, MADV_DONTNEED)) bytes.fill(0);
    },
  };
}
