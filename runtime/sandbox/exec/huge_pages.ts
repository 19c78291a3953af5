/** Memory in huge pages (Linux, transhuge): one page fault for 2 MB where there would be 512. @module */
import type { PageSource } from "../../../fs/vfs/vfs.ts";

const PIECE = 32 * 1024 * 1024, HUGE = 2 * 1024 * 1024;
/** man 2 madvise. */
const MADV_DONTNEED = 4, MADV_HUGEPAGE = 14;

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

/** See the module's comment: pieces of 30 MB or more, as long as the system knows such pages. */
export function hugePages(): PageSource {
  let madvise: ReturnType<typeof load> | undefined;
  const advise = (bytes: Uint8Array, advice: number): boolean =>
    madvise!(bytes as Uint8Array<ArrayBuffer>, BigInt(bytes.length), advice) === 0;
  return {
    allocate() {
      madvise ??= load();
      if (madvise === null) return undefined;
      const buffer = new ArrayBuffer(PIECE);
      const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer)));
      const start = (HUGE - Number(address % BigInt(HUGE))) % HUGE;
      const bytes = new Uint8Array(buffer, start, Math.floor((PIECE - start) / HUGE) * HUGE);
      if (advise(bytes, MADV_HUGEPAGE)) return bytes;
      madvise = null; // a kernel without them
      return undefined;
    },
    release(bytes) {
      if (!advise(bytes, MADV_DONTNEED)) bytes.fill(0);
    },
  };
}
