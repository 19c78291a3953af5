/**
 * Memory for what grows large, in few page faults (Linux, man 2 madvise): in huge pages as long as the system has them ready, else in small ones
 * that are asked for together. A huge page that nobody has used before can take a virtual machine longer than 512 small ones that have been in use.
 * @module
 */
import type { PageSource } from "../../../fs/vfs/vfs.ts";

const PIECE = 32 * 1024 * 1024, HUGE = 2 * 1024 * 1024;
const MADV_DONTNEED = 4, MADV_HUGEPAGE = 14, MADV_POPULATE_WRITE = 23;
/** Zeroing a huge page takes a tenth of it. */
const SLOW_MS = 1;

const SYMBOLS = { madvise: { parameters: ["buffer", "usize", "i32"], result: "i32" } } as const;

/** madvise(2) of the C library; null where there is none, or no permission for it. */
function load(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]["madvise"] | null {
  if (Deno.build.os !== "linux") return null;
  for (const name of ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`]) {
    try {
      return Deno.dlopen(name, SYMBOLS).symbols.madvise;
    } catch {
      // not this one
    }
  }
  return null;
}

/** See the module's comment. */
export function hugePages(): PageSource {
  let madvise: ReturnType<typeof load> | undefined;
  let areReady = true;
  const advise = (bytes: Uint8Array, advice: number): boolean =>
    madvise!(bytes as Uint8Array<ArrayBuffer>, BigInt(bytes.length), advice) === 0;
  return {
    step: HUGE,
    allocate() {
      madvise ??= load();
      if (madvise === null) return undefined;
      const buffer = new ArrayBuffer(PIECE);
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
